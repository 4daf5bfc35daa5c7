using System;
using System.IO;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Tool.Tests.Running;

/// <summary>Values of inputs: what is given is what the model gets, or it is refused.</summary>
public sealed class InputValueTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData(7, "1.5", "a whole number")]
    [InlineData(7, "1e30", "a whole number")]
    [InlineData(7, "NaN", "a whole number")]
    [InlineData(2, "300", "a whole number from 0 to 255")]
    [InlineData(2, "-1", "a whole number from 0 to 255")]
    [InlineData(9, "2", "0 or 1")]
    [InlineData(10, "1e6", "65504")]
    [InlineData(8, "1", "texts")]
    public async Task What_the_type_cannot_hold_is_refused(int type, string value, string message)
    {
        Pass(type);
        foreach (string[] command in new[] { new[] { "verify", _tiny.Path }, ["golden", _tiny.Path, "--record"], ["bench", _tiny.Path, "--quick", "--threads", "1", "--callers", "1"] })
        {
            ToolRun run = await ToolRun.Of([.. command, "--input", "x=" + value]);
            Assert.Equal(1, run.Code);
            Assert.Contains("--input x=" + value.Replace("1e30", "1E+30", StringComparison.Ordinal).Replace("1e6", "1000000", StringComparison.Ordinal), run.Error, StringComparison.Ordinal);
            Assert.Contains(message, run.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(2, "255")]
    [InlineData(3, "-128")]
    [InlineData(9, "1")]
    [InlineData(1, "1.5")]
    public async Task What_the_type_holds_is_taken(int type, string value)
    {
        Pass(type);
        Assert.Equal(0, (await ToolRun.Of("golden", _tiny.Path, "--record", "--input", "x=" + value)).Code);
    }

    [Fact]
    public async Task A_value_that_is_compared_with_itself_is_no_hint()
    {
        GraphProto graph = _tiny.Model.Graph;
        graph.Node.Clear();
        graph.Input[0] = TinyModel.Value("x", 7, "batch", 4);
        graph.Output[0] = TinyModel.Value("y", 9, "batch", 4);
        graph.Node.Add(TinyModel.Node("Equal", ["x", "x"], "y"));
        ToolRun run = await ToolRun.Of("verify", _tiny.Save());
        Assert.Equal((0, ""), (run.Code, run.Error));
    }

    /// <summary>So that a partition that differs can be cut again, on the inputs on which it differed.</summary>
    [Fact]
    public async Task Inputs_may_have_a_seed_of_their_own()
    {
        string first = await Own("--seed", "1"), other = await Own("--seed", "9"), same = await Own("--seed", "9", "--input-seed", "1");
        Assert.Equal(first, same);
        Assert.NotEqual(first, other);

        async Task<string> Own(params string[] seeds)
        {
            ToolRun run = await ToolRun.Of(["verify", ModelCatalog.Get("residual").Write(Path.GetDirectoryName(_tiny.Path)!), "--partitions", "1", "--json", .. seeds]);
            Assert.Equal(0, run.Code);
            return run.Json.GetProperty("outputs")[0].GetProperty("own").GetRawText();
        }
    }

    private void Pass(int type)
    {
        GraphProto graph = _tiny.Model.Graph;
        graph.Node.Clear();
        graph.Input[0] = TinyModel.Value("x", type, "batch", 4);
        graph.Output[0] = TinyModel.Value("y", type, "batch", 4);
        graph.Node.Add(TinyModel.Node("Identity", ["x"], "y"));
        _tiny.Save();
    }
}
