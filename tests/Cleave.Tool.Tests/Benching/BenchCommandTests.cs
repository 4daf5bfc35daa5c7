using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Tool.Benching;
using Xunit;

namespace Cleave.Tool.Tests.Benching;

// Starts real workers: a few seconds.
public sealed class BenchCommandTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task That_Cleave_gets_no_more_cores_than_are_granted_is_said()
    {
        using TinyModel tiny = new();
        int more = BenchRun.Cores + 1;
        ToolRun run = await ToolRun.Measured("bench", tiny.Save(), "--quick", "--threads", $"{more}", "--callers", "1", "--json");
        Assert.Contains($"note: Cleave is measured with up to {BenchRun.Cores} core", run.Error);
    }

    [Fact]
    public async Task A_trial_shows_a_row_for_each_set_up_and_says_that_it_measures_nothing()
    {
        ToolRun run = await ToolRun.Measured("bench", _tiny.Save(), "--quick", "--threads", "1,2", "--callers", "1", "--dims", "batch=3");

        Assert.Equal("", run.Code == 0 ? "" : run.Output + run.Error);
        Assert.Contains("input x: float [3, 4]", run.Output);
        Assert.Contains("dimension batch = 3\n", run.Output);
        Assert.Contains("cleaned: there is nothing to clean in it", run.Output);
        foreach (string row in new[] { "1 thread ", "2 threads ", "2 threads, no spinning ", "2 threads, force_spinning_stop ", "ORT_PARALLEL, 2 threads " })
            Assert.Contains("│ ONNX Runtime, " + row, run.Output);
        Assert.Contains("│ Cleave, 1 core ", run.Output);
        Assert.Contains("│ the best ", run.Output);
        Assert.DoesNotContain("failed:", run.Output);
        Assert.EndsWith("This was a trial (--quick): it shows that everything works. Its numbers are no measurement.\n", run.Output);
        Assert.Matches("^starting [0-9]+ candidates\nmeasuring ", run.Error);
    }

    [Fact]
    public async Task Nodes_that_nobody_reads_are_cleaned_and_said()
    {
        _tiny.Model.Graph.Node.Add(TinyModel.Node("Neg", ["w"], "unused"));

        ToolRun run = await ToolRun.Measured("bench", _tiny.Save(), "--quick", "--threads", "1", "--callers", "1");

        Assert.Equal(0, run.Code);
        Assert.Contains("cleaned: 1 node that nobody reads fell away", run.Output);
        Assert.Matches("│ ONNX Runtime, 1 thread +│ cleaned ", run.Output);
    }

    [Fact]
    public async Task Sizes_are_found_that_the_model_runs_with()
    {
        _tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, "batch", "n");
        _tiny.Model.Graph.Initializer[0] = TinyModel.Weight("w", TinyModel.Float, sizeof(float), 32 * 4);
        _tiny.Model.Graph.Initializer[0].Dims.Clear();
        _tiny.Model.Graph.Initializer[0].Dims.Add([32L, 4L]);
        _tiny.Model.Graph.Node[0].OpType = "MatMul";

        ToolRun run = await ToolRun.Measured("bench", _tiny.Save(), "--quick", "--threads", "1", "--callers", "1");

        Assert.Equal(0, run.Code);
        Assert.Contains("dimension batch = 1 (not given: --dims)\ndimension n = 32 (not given: --dims)\n", run.Output);
        Assert.DoesNotContain("failed", run.Output);
    }

    // Programs read this: names, order and kinds change only with the format number (docs/bench.md).
    [Fact]
    public async Task The_json_has_a_fixed_form_with_every_sample()
    {
        string path = _tiny.Save();

        ToolRun run = await ToolRun.Measured("bench", path, "--quick", "--json", "--threads", "1", "--callers", "1");

        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        JsonElement root = run.Json;
        Assert.Equal("format,model,quick,machine,inputs,dimensions,cleaning,loads,discardedRounds,certainty", Names(root));
        Assert.Equal("system,processor,cores,runtime,onnxRuntime", Names(root.GetProperty("machine")));
        Assert.Equal("""[{"name":"x","type":"float","shape":[1,4]}]""", root.GetProperty("inputs").GetRawText());
        Assert.Equal("""[{"name":"batch","size":1,"given":false}]""", root.GetProperty("dimensions").GetRawText());
        JsonElement load = root.GetProperty("loads").EnumerateArray().Single();
        Assert.Equal("callers,best,conclusion,candidates", Names(load));
        Assert.Equal("ONNX Runtime, 1 thread, published file", load.GetProperty("best").GetString());
        Assert.Equal(2, load.GetProperty("candidates").GetArrayLength());
        foreach (JsonElement candidate in load.GetProperty("candidates").EnumerateArray())
        {
            Assert.Equal("name,cleave,file,error,median,minimum,percentile99,cpu,ratioToBest,rounds", Names(candidate));
            Assert.Equal("low,median,high,width", Names(candidate.GetProperty("ratioToBest")));
            JsonElement round = candidate.GetProperty("rounds")[0];
            Assert.Equal("nanoseconds,bytes,cpu,settling,parked,parkedFor", Names(round));
            Assert.True(round.GetProperty("nanoseconds").GetArrayLength() >= 3);
        }
    }

    [Fact]
    public async Task Initializers_among_the_inputs_are_cleaned_and_measured_both_ways()
    {
        _tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));

        ToolRun run = await ToolRun.Measured("bench", _tiny.Save(), "--quick", "--threads", "1", "--callers", "1");

        Assert.Equal(0, run.Code);
        Assert.Contains("cleaned: 1 initializer is no input any more", run.Output);
        Assert.Matches("│ ONNX Runtime, 1 thread +│ published ", run.Output);
        Assert.Matches("│ ONNX Runtime, 1 thread +│ cleaned ", run.Output);
    }

    [Fact]
    public async Task Where_nothing_can_be_measured_the_reasons_are_shown_and_the_exit_code_is_1()
    {
        _tiny.Model.Graph.Node[0].Domain = "my.domain";
        _tiny.Model.OpsetImport.Add(new OnnxProto.OperatorSetIdProto { Domain = "my.domain", Version = 1 });

        ToolRun run = await ToolRun.Measured("bench", _tiny.Save(), "--quick", "--threads", "1", "--callers", "1");

        Assert.Equal(1, run.Code);
        Assert.Matches("│ ONNX Runtime, 1 thread +│ published │ failed ", run.Output);
        Assert.Matches("│ Cleave, 1 core +│ published │ failed ", run.Output);
        Assert.Matches("\nfailed: .*my.domain", run.Output);
        Assert.Contains("\nNothing ran. Inputs are made up:", run.Output);
    }

    [Theory]
    [InlineData("--dims", "sequence=3", "it leaves open batch")]
    [InlineData("--threads", "none", "--threads 1,2,4")]
    [InlineData("--rounds", "0", "at least 1")]
    [InlineData("--rounds", "2000000000", "100000 at most")]
    public async Task Options_that_do_not_fit_are_one_line_on_the_error_stream(string option, string value, string message)
    {
        ToolRun run = await ToolRun.Of("bench", _tiny.Save(), option, value);

        Assert.Equal(1, run.Code);
        Assert.Equal("", run.Output);
        Assert.Matches("^cleave: error .*\n$", run.Error);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public async Task A_missing_model_is_one_line_on_the_error_stream()
    {
        ToolRun run = await ToolRun.Of("bench", _tiny.Path);

        Assert.Equal(1, run.Code);
        Assert.Matches("^cleave: error CLV1001: .*\n$", run.Error);
    }

    private static string Names(JsonElement element) => string.Join(',', element.EnumerateObject().Select(p => p.Name));
}
