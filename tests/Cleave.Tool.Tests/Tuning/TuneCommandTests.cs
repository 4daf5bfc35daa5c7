using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
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
            string.Concat(new[] { 1, 2, 4, 8, 16 }.Select(b => $"batch={b}: Whole 1 1.00x: Whole 1\n")) + $"Written to {_tiny.Path}.tune\n",
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
    public async Task A_file_that_cannot_be_written_is_a_failure()
    {
        Directory.CreateDirectory(_tiny.Path + ".tune");

        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--cores", "1", "--budget", "120", "--dims", "batch=1");

        Assert.Equal(1, run.Code);
        Assert.StartsWith("batch=1: Whole 1 1.00x: Whole 1\nNot written: ", run.Output);
    }
}
