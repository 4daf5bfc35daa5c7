using System;
using System.IO;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>What fix does with inputs that are given.</summary>
public sealed class FixInputsTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public FixInputsTests() => _tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));

    private string Given => Path.Combine(Path.GetDirectoryName(_tiny.Path)!, "given");

    public void Dispose() => _tiny.Dispose();

    /// <summary>There are no sizes to be given where nothing is open.</summary>
    [SkippableFact]
    public async Task A_model_without_open_dimensions_is_measured_and_gets_a_batch()
    {
        _tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, 1, 4);
        _tiny.Model.Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 1, 4);
        await Give();
        ToolRun run = await ToolRun.Measured("fix", _tiny.Path, "-o", _tiny.Path + ".out", "--inputs", Given, "--dynamic-batch");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("compared on inputs: given: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("batch 'batch': proven; 3 samples", run.Output, StringComparison.Ordinal);
        IsMeasured(run);
    }

    /// <summary>As many are taken as an input says: those of the given inputs are more than the measured ones have.</summary>
    [SkippableFact]
    public async Task What_is_measured_has_the_numbers_of_its_sizes()
    {
        GraphProto graph = _tiny.Model.Graph;
        graph.Input.Add(TinyModel.Value("k", 7, 1));
        graph.Node[0].Output[0] = "s";
        NodeProto top = TinyModel.Node("TopK", ["s", "k"], "y");
        top.Output.Add("places");
        top.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        graph.Node.Add(top);
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "taken", 4);
        await Give("--dims", "batch=4", "--input", "k=4");
        ToolRun run = await ToolRun.Measured("fix", _tiny.Path, "-o", _tiny.Path + ".out", "--inputs", Given, "--dims", "batch=2", "--input", "k=2");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("compared on inputs: given; random, batch=2 (two seeds): ", run.Output, StringComparison.Ordinal);
        IsMeasured(run);
    }

    private static void IsMeasured(ToolRun run)
    {
        string? note = Array.Find(run.Output.Split('\n'), static l => l.StartsWith("note: ", StringComparison.Ordinal));
        Skip.If(run.IsDisturbed, "skipped: this machine is too busy. " + note);
        Assert.Null(note);
    }

    private async Task Give(params string[] sizes)
    {
        ToolRun run = await ToolRun.Of(["golden", "--record", _tiny.Save(), .. sizes]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Directory.Move(new TestDataFolder(_tiny.Path + ".golden").Set(), Given);
    }
}
