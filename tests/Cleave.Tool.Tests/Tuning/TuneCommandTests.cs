using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Cleave.Tool.Commands;
using Xunit;

namespace Cleave.Tool.Tests.Tuning;

/// <summary><c>cleave tune</c>, on a model that is measured in no time.</summary>
public sealed class TuneCommandTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task It_prints_a_line_for_each_kind_of_request_and_writes_the_file()
    {
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--cores", "1", "--budget", "120");

        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        // A batch axis: batches too.
        Assert.Equal(
            string.Concat(new[] { 1, 2, 4, 8, 16 }.Select(b => $"batch={b}: Whole 1 1.00x: Whole 1\n")) + $"Written to {_tiny.Path}.tune for 1 core\n",
            run.Output);
        Assert.Equal("tuning for 120 s at most\n", run.Error);
        Assert.Contains("\n  complete\n", File.ReadAllText(_tiny.Path + ".tune"));
    }

    [Fact]
    public async Task Requests_can_be_given_and_come_as_json()
    {
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--cores", "1", "--budget", "120", "--dims", "batch=3", "--dims", "batch=5", "--json");

        Assert.Equal(0, run.Code);
        Assert.Equal("", run.Error);
        Assert.Equal(["batch=3", "batch=5"], run.Json.GetProperty("requests").EnumerateArray().Select(r => r.GetProperty("dimensions").GetString()));
        JsonElement best = run.Json.GetProperty("requests")[0].GetProperty("best");
        Assert.Equal("mode,nanoseconds,speed,rounds", string.Join(",", best.EnumerateObject().Select(p => p.Name)));
        Assert.InRange(best.GetProperty("nanoseconds").GetDouble(), 1, 1e9);
        Assert.Equal((1, _tiny.Path, _tiny.Path + ".tune"), (run.Json.GetProperty("format").GetInt32(), run.Json.GetProperty("model").GetString(), run.Json.GetProperty("file").GetString()));
        Assert.True(run.Json.GetProperty("isComplete").GetBoolean());
        Assert.Equal(1, run.Json.GetProperty("cores").GetInt32());
    }

    /// <summary>A model may do other work with another number, and sizes do not tell.</summary>
    [Fact]
    public async Task With_other_numbers_it_is_measured_anew()
    {
        Assert.Equal(0, (await ToolRun.Of("tune", _tiny.Save(), "--cores", "1", "--budget", "120", "--dims", "batch=1", "--input", "x=1")).Code);
        string first = File.ReadAllText(_tiny.Path + ".tune");
        Assert.Contains("\n  request [\"batch\"] [1] [\"x=1\"]\n", first);
        // As if it had taken a second.
        File.WriteAllText(_tiny.Path + ".tune", Regex.Replace(first, "(time \"Whole\" \\[1\\]) .*", "$1 1000000000 25"));
        Assert.Equal(0, (await ToolRun.Of("tune", _tiny.Path, "--cores", "1", "--budget", "120", "--dims", "batch=1", "--input", "x=1")).Code);
        Assert.Contains(" 1000000000 25", File.ReadAllText(_tiny.Path + ".tune"));

        Assert.Equal(0, (await ToolRun.Of("tune", _tiny.Path, "--cores", "1", "--budget", "120", "--dims", "batch=1")).Code);

        string now = File.ReadAllText(_tiny.Path + ".tune");
        Assert.Contains("\n  request [\"batch\"] [1]\n", now);
        Assert.DoesNotContain(" 1000000000 ", now);
        Assert.DoesNotContain("x=1", now);
    }

    [Fact]
    public async Task More_cores_than_there_are_are_said()
    {
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--cores", "4096", "--budget", "1", "--dims", "batch=1", "--json");

        Assert.StartsWith("note: --cores 4096: this process is granted ", run.Error);
        Assert.InRange(run.Json.GetProperty("cores").GetInt32(), 1, 4095);
    }

    [Fact]
    public void Comparisons_of_few_turns_are_said()
    {
        StringWriter output = new();
        TuningTime first = new("Whole 2", TimeSpan.FromSeconds(1), 1, 25), second = new("Whole 1", TimeSpan.FromSeconds(2), 0.5, 3);
        TuneCommand.Write(new TuningResult([new("batch=1", [first, second, second with { Mode = "A 1+1", Rounds = 25 }], first)], true, "x.tune", []), 2, output);

        Assert.EndsWith("\n1 comparison had fewer than 25 turns, and may name the wrong winner: call it again, or with a longer --budget.\nWritten to x.tune for 2 cores\n", output.ToString());
    }

    [Theory]
    [InlineData("--budget", "0", "--budget 0: give at least 1.")]
    [InlineData("--cores", "-1", "--cores -1: give at least 1.")]
    [InlineData("--dims", "width=3", "--dims width: the model leaves no dimension of that name open; it leaves open batch.")]
    [InlineData("--input", "z=3", "--input z: the model has no input of that name; it has x.")]
    public async Task What_makes_no_sense_is_named(string option, string value, string error)
    {
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), option, value);

        Assert.Equal((1, "", $"cleave: error {error}\n"), (run.Code, run.Output, run.Error));
        Assert.False(File.Exists(_tiny.Path + ".tune"));
    }

    [Fact]
    public async Task What_is_no_model_is_said_as_everywhere()
    {
        ToolRun missing = await ToolRun.Of("tune", "missing.onnx"), damaged = await ToolRun.Of("tune", _tiny.Save([1, 2, 3]));

        Assert.Equal((1, ""), (missing.Code, missing.Output));
        Assert.StartsWith("cleave: error CLV1001: ", missing.Error);
        Assert.Equal((1, ""), (damaged.Code, damaged.Output));
        Assert.StartsWith("cleave: error CLV", damaged.Error);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_a_failure_before_anything_is_measured()
    {
        Directory.CreateDirectory(_tiny.Path + ".tune");

        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--cores", "1", "--budget", "120", "--dims", "batch=1");

        Assert.Equal((1, "", $"cleave: error {_tiny.Path}.tune is a folder, and what is measured is written into a file of that name. Move it away.\n"), (run.Code, run.Output, run.Error));
    }
}
