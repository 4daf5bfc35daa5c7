using System;
using System.Threading.Tasks;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>Outputs without elements are equal to each other, which proves nothing.</summary>
public sealed class NothingComparedTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Theory]
    [InlineData(2, "verify", "MODEL", "--dims", "batch=0")]
    [InlineData(1, "golden", "MODEL", "--record", "--dims", "batch=0")]
    [InlineData(1, "fix", "MODEL", "-o", "OUT", "--dims", "batch=0")]
    public async Task Where_no_output_has_elements_nothing_is_compared(int code, params string[] arguments)
    {
        _tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));
        _tiny.Model.Graph.Node[0].Output[0] = "s";
        _tiny.Model.Graph.Node.Add(TinyModel.Node("Relu", ["s"], "y"));
        _tiny.Save();
        ToolRun run = await ToolRun.Of(Array.ConvertAll(arguments, a => a switch { "MODEL" => _tiny.Path, "OUT" => _tiny.Path + ".out", _ => a }));
        Assert.Equal(code, run.Code);
        Assert.Contains("nothing ", run.Output + run.Error, StringComparison.Ordinal);
        Assert.Contains("no elements", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_that_was_empty_throughout_is_said()
    {
        _tiny.Model.Graph.Node.Add([TinyModel.Node("Relu", ["x"], "r"), TinyModel.Node("Neg", ["r"], "n"), TinyModel.Node("Relu", ["n"], "zero"), TinyModel.Node("NonZero", ["zero"], "z")]);
        _tiny.Model.Graph.Output.Add(TinyModel.Value("z", 7, 2, "found"));
        ToolRun run = await ToolRun.Of("verify", _tiny.Save());
        Assert.Equal(0, run.Code);
        Assert.Contains("The output 'z' had no elements", run.Output, StringComparison.Ordinal);
    }
}
