using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Fixing;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>
/// A convolution whose sums overflow here and there, and a factor behind it: ONNX Runtime multiplies the weights by it, and then none does. Such elements excuse no others.
/// </summary>
public sealed class UnsettledElementTests : IDisposable
{
    private const int Side = 16;

    private readonly TinyModel _tiny = new(), _other = new();

    public void Dispose()
    {
        _tiny.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void The_same_is_the_same_and_what_was_left_out_is_said()
    {
        using ModelUnderTest published = new(Save(_tiny, 1e-30f));
        FixVerification verification = new(published, new VerifyOptions(), default);
        verification.Compare(Save(_other, 1e-30f));
        OwnDifference own = verification.Cases[0].Own["y"];
        Assert.InRange(own.Unsettled.Count, 1, (Side * Side) - 1);
        Assert.True(double.IsFinite(own.Difference.Absolute));
        Assert.Contains(ReferenceCase.UnsettledNote("y"), verification.Notes);
    }

    [Fact]
    public void A_changed_model_that_gives_something_else_is_refused()
    {
        using ModelUnderTest published = new(Save(_tiny, 1e-30f));
        RewriteException refused = Assert.Throws<RewriteException>(() => new FixVerification(published, new VerifyOptions(), default).Compare(Save(_other, 1.1e-30f)));
        Assert.Contains("the output 'y' differs by", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_leaves_them_out_and_says_so()
    {
        ToolRun run = await ToolRun.Of("verify", Save(_tiny, 1e-30f), "--partitions", "2");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains(ReferenceCase.UnsettledNote("y"), run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_is_left_out_counts_neither_as_difference_nor_for_the_range()
    {
        HashSet<int> first = [0];
        OutputDifference difference = OutputDifference.Between(Floats(1e30f, 1, 2), Floats(float.PositiveInfinity, 1, 3), except: first);
        Assert.Equal((1, 0.5), (difference.Absolute, difference.OfRange));
        OwnDifference own = OwnDifference.Between(Floats(1e30f, float.NaN, float.NegativeInfinity, 1), Floats(float.PositiveInfinity, float.NaN, float.PositiveInfinity, 1.5f));
        Assert.Equal((2, 0.5), (own.Unsettled.Count, own.Difference.Absolute));
    }

    [Fact]
    public void What_is_infinitely_far_from_itself_allows_nothing_more()
    {
        using ModelUnderTest model = new(_tiny.Save());
        Assert.False(Tolerance.Allows(model, ElementType.Float, new OutputDifference(1, 1, 0.5, 1, false), OutputDifference.Missing));
    }

    private static string Save(TinyModel tiny, float factor)
    {
        GraphProto graph = tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value("x", TinyModel.Float, 1, 2, Side, Side);
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 1, 1, Side, Side);
        graph.Initializer.Clear();
        graph.Initializer.Add(Weight("w", 3e38f, 3e38f));
        graph.Initializer.Add(Weight("f", factor));
        graph.Node.Clear();
        graph.Node.Add(TinyModel.Node("Conv", ["x", "w"], "c"));
        graph.Node.Add(TinyModel.Node("Mul", ["c", "f"], "y"));
        return tiny.Save();
    }

    private static TensorProto Weight(string name, params float[] values) => new()
    {
        Name = name,
        DataType = TinyModel.Float,
        Dims = { 1, values.Length, 1, 1 },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    private static TensorCopy Floats(params float[] values) => new(ElementType.Float, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
