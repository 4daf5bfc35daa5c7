using System;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Running;

/// <summary>What counts as equal, for each type of elements: a part of the range for floats only.</summary>
public sealed class ToleranceTests : IDisposable
{
    private readonly TinyModel _plain = new(), _quantised = new(), _short = new();

    public void Dispose()
    {
        _plain.Dispose();
        _quantised.Dispose();
        _short.Dispose();
    }

    [Theory]
    [InlineData(nameof(ElementType.Float))]
    [InlineData(nameof(ElementType.Double))]
    [InlineData(nameof(ElementType.Float16))]
    [InlineData(nameof(ElementType.BFloat16))]
    public void Floats_may_be_apart_by_a_part_of_their_range(string name)
    {
        ElementType type = Enum.Parse<ElementType>(name);
        using ModelUnderTest plain = Plain(), halves = Short();
        Assert.True(Tolerance.Allows(plain, type, Apart(1, 0.9e-5), OutputDifference.None));
        Assert.False(Tolerance.Allows(plain, type, Apart(1, 1.1e-5), OutputDifference.None));
        Assert.True(Tolerance.Allows(halves, type, Apart(1, 0.9e-3), OutputDifference.None));
        Assert.False(Tolerance.Allows(halves, type, Apart(1, 1.1e-3), OutputDifference.None));
        Assert.True(Tolerance.Allows(plain, type, Apart(1, 0.5), Apart(0.5, 0.25)));
    }

    [Theory]
    [InlineData(nameof(ElementType.Int8))]
    [InlineData(nameof(ElementType.UInt8))]
    [InlineData(nameof(ElementType.Int16))]
    [InlineData(nameof(ElementType.UInt16))]
    public void Short_integers_may_be_one_step_apart_in_a_quantised_model(string name)
    {
        ElementType type = Enum.Parse<ElementType>(name);
        using ModelUnderTest plain = Plain(), halves = Short(), quantised = Quantised();
        Assert.True(Tolerance.Allows(quantised, type, Apart(1, 0.5), OutputDifference.None));
        Assert.False(Tolerance.Allows(quantised, type, Apart(2, 0.9e-5), OutputDifference.None));
        Assert.False(Tolerance.Allows(plain, type, Apart(1, 0.9e-5), OutputDifference.None));
        Assert.False(Tolerance.Allows(halves, type, Apart(1, 0.9e-5), OutputDifference.None));
    }

    [Theory]
    [InlineData(nameof(ElementType.Int32))]
    [InlineData(nameof(ElementType.UInt32))]
    [InlineData(nameof(ElementType.Int64))]
    [InlineData(nameof(ElementType.UInt64))]
    [InlineData(nameof(ElementType.Bool))]
    public void Other_integers_and_booleans_are_equal(string name)
    {
        ElementType type = Enum.Parse<ElementType>(name);
        using ModelUnderTest plain = Plain(), halves = Short(), quantised = Quantised();
        foreach (ModelUnderTest model in new[] { plain, halves, quantised })
        {
            Assert.True(Tolerance.Allows(model, type, OutputDifference.None, OutputDifference.None));
            Assert.False(Tolerance.Allows(model, type, Apart(1, 0.9e-6), OutputDifference.None));
        }
    }

    // Ids of a large vocabulary; indices of the largest; numbers that are one as doubles.
    [Theory]
    [InlineData(250_001, 17, 19)]
    [InlineData(60_000, 100, 159)]
    [InlineData(0, 1L << 53, (1L << 53) + 1)]
    public void Indices_beside_the_right_ones_are_different(long other, long expected, long actual)
    {
        using ModelUnderTest plain = Plain(), halves = Short();
        OutputDifference difference = OutputDifference.Between(Tensor(other, expected), Tensor(other, actual));
        Assert.False(Tolerance.Allows(plain, ElementType.Int64, difference, OutputDifference.None));
        Assert.False(Tolerance.Allows(halves, ElementType.Int64, difference, OutputDifference.None));
    }

    // ONNX Runtime's product with packed weights rounds what it reads to bytes at level 4 only (0 is none).
    [Theory]
    [InlineData(4, true)]
    [InlineData(1, false)]
    [InlineData(0, false)]
    public void A_product_that_rounds_its_input_is_quantised(int level, bool isQuantised)
    {
        using TinyModel tiny = new();
        tiny.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        NodeProto product = TinyModel.Node("MatMulNBits", ["x", "w"], "p", "com.microsoft");
        if (level > 0)
            product.Attribute.Add(new AttributeProto { Name = "accuracy_level", Type = AttributeProto.Types.AttributeType.Int, I = level });
        tiny.Model.Graph.Node.Add(product);
        using ModelUnderTest model = new(tiny.Save());
        Assert.Equal(isQuantised, model.IsQuantised);
    }

    [Fact]
    public void Another_shape_is_different()
    {
        using ModelUnderTest plain = Plain();
        Assert.False(Tolerance.Allows(plain, ElementType.Float, OutputDifference.Between(Tensor(1), Tensor(1, 2)), OutputDifference.None));
    }

    private ModelUnderTest Plain() => new(_plain.Save());

    private ModelUnderTest Short()
    {
        _short.Model.Graph.Input.Clear();
        _short.Model.Graph.Input.Add(TinyModel.Value("x", (int)ElementType.Float16, "batch", 4));
        _short.Model.Graph.Output.Clear();
        _short.Model.Graph.Output.Add(TinyModel.Value("y", (int)ElementType.Float16, "batch", 4));
        _short.Model.Graph.Initializer.Clear();
        _short.Model.Graph.Initializer.Add(TinyModel.Weight("w", (int)ElementType.Float16, 2, 4));
        return new ModelUnderTest(_short.Save());
    }

    private ModelUnderTest Quantised()
    {
        _quantised.Model.Graph.Initializer.Add(TinyModel.Weight("scale", TinyModel.Float, sizeof(float), 1));
        _quantised.Model.Graph.Node.Add(TinyModel.Node("QuantizeLinear", ["y", "scale"], "q"));
        return new ModelUnderTest(_quantised.Save());
    }

    private static OutputDifference Apart(double absolute, double ofRange) => new(absolute, 0, ofRange, 0, false);

    private static TensorCopy Tensor(params long[] numbers) => new(ElementType.Int64, [numbers.Length], MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
}
