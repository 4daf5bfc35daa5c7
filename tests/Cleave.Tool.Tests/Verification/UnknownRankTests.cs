using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>An input of which nothing but the type is known: what is given is taken, and what can be given is said.</summary>
public sealed class UnknownRankTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public UnknownRankTests()
    {
        _tiny.Model.Graph.Input[0].Type.TensorType.Shape = null;
        _tiny.Model.Graph.Output[0].Type.TensorType.Shape = null;
        TensorProto tensor = new() { DataType = TinyModel.Float, Dims = { 2, 4 }, FloatData = { Enumerable.Range(0, 8).Select(static i => (float)i) } };
        TestDataFolder.WriteInput(Given, tensor);
        _tiny.Save();
    }

    private string Given => Path.Combine(Path.GetDirectoryName(_tiny.Path)!, "given");

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData("verify", "MODEL", "--inputs", "GIVEN")]
    [InlineData("fix", "MODEL", "-o", "OUT", "--inputs", "GIVEN")]
    [InlineData("verify", "MODEL", "--dims", "x[0]=2,x[1]=4")]
    [InlineData("fix", "MODEL", "-o", "OUT", "--no-measure", "--dims", "x[0]=2,x[1]=4")]
    [InlineData("golden", "MODEL", "--record", "--dims", "x[0]=2,x[1]=4")]
    public async Task What_is_given_is_taken(params string[] arguments)
    {
        ToolRun run = await ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "MODEL" => _tiny.Path, "GIVEN" => Given, "OUT" => _tiny.Path + ".out", _ => a }));
        Assert.Equal((0, ""), (run.Code, run.Error));
    }

    [Fact]
    public async Task What_is_recorded_is_validated()
    {
        ToolRun none = await ToolRun.Of("validate", _tiny.Path);
        Assert.Equal(1, none.Code);
        Assert.Contains("cleave golden", none.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await ToolRun.Of("golden", _tiny.Path, "--record", "--inputs", Given)).Code);
        ToolRun run = await ToolRun.Of("validate", _tiny.Path);
        Assert.Equal(0, run.Code);
        Assert.Contains("recorded outputs", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify", "MODEL")]
    [InlineData("fix", "MODEL", "-o", "OUT", "--widen")]
    public async Task What_can_be_given_is_said(params string[] arguments)
    {
        _tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));
        _tiny.Save();
        ToolRun run = await ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "MODEL" => _tiny.Path, "OUT" => _tiny.Path + ".out", _ => a }));
        Assert.Equal(1, run.Code);
        Assert.Contains("--dims x[0]=1,x[1]=3", run.Error, StringComparison.Ordinal);
        Assert.Contains("--inputs", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Who gives inputs to fix means these alone: random ones may be what the outputs cannot be compared by.</summary>
    [Fact]
    public async Task Fix_compares_on_given_inputs_alone()
    {
        _tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));
        _tiny.Save();
        ToolRun run = await ToolRun.Of("fix", _tiny.Path, "-o", _tiny.Path + ".out", "--inputs", Given, "--json");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal("given", Assert.Single(run.Json.GetProperty("inputs").EnumerateArray()).GetString());
    }
}
