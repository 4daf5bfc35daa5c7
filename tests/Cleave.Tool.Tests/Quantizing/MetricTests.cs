using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>A figure of the user's own: what the program gets, and what is said where it gives none.</summary>
public sealed class MetricTests : IDisposable
{
    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    [SkippableFact]
    public async Task The_program_gets_the_outputs_on_the_held_out_inputs_and_its_last_line_is_the_figure()
    {
        SkipOnWindows();
        string program = Program("""
            cmp -s "$1/test_data_set_0/output_0.pb" "$2/test_data_set_0/output_0.pb" && exit 9
            echo "of $(ls "$1" | wc -l) and $(ls "$2" | wc -l) sets:"
            test "$(ls "$1")" = "$(ls "$2")" && ls "$1" | wc -l | sed 's/$/.25/'
            """);
        string model = _files.Save("model.onnx", QuantizeFixture.Layers(2, seed: 1));
        string[] quantize = ["quantize", model, "-o", _files.PathOf("model.int8.onnx"), "--max-error", "0.5", "--no-measure", "--inputs", _files.Inputs("samples", [64, 512], 5), "--metric", program];

        ToolRun json = await ToolRun.Of([.. quantize, "--json"]), text = await ToolRun.Of(quantize);

        Assert.Equal(("", 0), (json.Error, json.Code));
        // Three of five are chosen on.
        Assert.Equal(2.25, json.Json.GetProperty("metric").GetDouble());
        Assert.Contains("metric: 2.25 on the 2 inputs that nothing was chosen on", text.Output.ReplaceLineEndings(" "));
    }

    [SkippableTheory]
    [InlineData("echo 0.5; echo no such luck >&2; exit 3", "it ended with the code 3: no such luck")]
    [InlineData("echo rather good", "its last line is no number, as 0.93, but 'rather good'")]
    [InlineData("echo nan", "its last line is no number")]
    [InlineData("true", "it printed nothing")]
    [InlineData("yes", "it prints more than a million characters")]
    [InlineData("sleep 600", "it did not end within 1 seconds and was stopped")]
    [InlineData("sleep 600 & echo 1", "it did not end within 1 seconds and was stopped")]
    public void A_program_that_gives_no_figure_is_said_to_and_is_never_waited_for_long(string script, string expected)
    {
        SkipOnWindows();
        long began = Stopwatch.GetTimestamp();

        Assert.Contains(expected, Refused(Program(script)));

        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void A_program_that_is_not_there_is_said_to_be()
    {
        Assert.Contains("it cannot be started", Refused(_files.PathOf("nothing")));
        Assert.Contains("it cannot be started", Refused(""));
    }

    private string Refused(string program)
    {
        using ModelUnderTest model = new(_files.Save("model.onnx", QuantizeFixture.Layers(1, seed: 1)));
        ModelTrials trials = new(model, InputSets.Random(model, new QuantizeOptions { Model = model.Path, Output = "" }).HeldOut, default);
        return Assert.Throws<RewriteException>(() => new MetricProgram(program, TimeSpan.FromSeconds(1)).Run(trials, FloatModel.Read(model), default)).Message;
    }

    private string Program(string script)
    {
        string path = _files.PathOf("metric.sh");
        File.WriteAllText(path, "#!/bin/sh\n" + script.ReplaceLineEndings("\n") + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static void SkipOnWindows() => Skip.If(OperatingSystem.IsWindows(), "The programs are shell scripts.");
}
