using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>The number that everything is held to: ‖q−f‖₂/‖f‖₂ of the worst output, and what is said beside it.</summary>
public sealed class OutputErrorTests
{
    private const float Inf = float.PositiveInfinity;

    public static TheoryData<float[], float[], double> Norms => new()
    {
        { [3, 4], [3, 5], 0.2 },
        { [3, 4], [-3, -4], 2 },
        { [3, 4], [3, 4], 0 },
        { [], [], 0 },
        { [0, 0], [0, 0], 0 },
        // No length to be a part of.
        { [0, 0], [0, 1], double.PositiveInfinity },
        // A mask's infinities say nothing where they are the same.
        { [3, 4, Inf, -Inf], [3, 5, Inf, -Inf], 0.2 },
        { [3, 4], [3, Inf], double.PositiveInfinity },
        { [3, Inf], [3, 4], double.PositiveInfinity },
        { [3, Inf], [3, -Inf], double.PositiveInfinity },
        { [3, 4], [3, float.NaN], double.PositiveInfinity },
    };

    [Theory]
    [MemberData(nameof(Norms))]
    public void Is_the_length_of_the_difference_as_a_part_of_the_outputs(float[] floats, float[] bytes, double expected) =>
        Assert.Equal(expected, Between(floats, bytes).Relative, 1e-12);

    [Fact]
    public void The_cosine_is_that_of_both()
    {
        Assert.Equal(29 / (5 * Math.Sqrt(34)), Between([3, 4], [3, 5]).Cosine, 1e-12);
        Assert.Equal(-1, Between([3, 4], [-3, -4]).Cosine, 1e-12);
        Assert.Equal(1, Between([0, 0], [0, 0]).Cosine);
    }

    [Fact]
    public void Another_shape_and_an_output_that_is_missing_are_off_without_bounds()
    {
        TensorCopy value = Tensor([2, 1], 3, 4);
        Assert.Equal((double.PositiveInfinity, -1, 0), Figures(OutputError.Between(Named(value), Named(Tensor([1, 2], 3, 4)))));
        Assert.Equal((double.PositiveInfinity, -1, 0), Figures(OutputError.Between(Named(value), new Dictionary<string, TensorCopy>())));

        static (double, double, double) Figures(OutputError error) => (error.Relative, error.Cosine, error.Top1);
    }

    [Fact]
    public void Top_1_counts_rows_whose_largest_element_stays()
    {
        OutputError error = OutputError.Between(Named(Tensor([4, 2], 1, 2, 3, 1, 5, 6, 8, 7)), Named(Tensor([4, 2], 2, 1, 3, 1, 5, 6, 8, 7)));
        Assert.Equal(0.75, error.Top1);
        // A row of one element has no other place.
        Assert.Equal(1, OutputError.Between(Named(Tensor([2, 1], 1, 2)), Named(Tensor([2, 1], 2, 1))).Top1);
    }

    [Fact]
    public void The_worst_output_counts_and_is_named()
    {
        Dictionary<string, TensorCopy> floats = new() { ["a"] = Tensor([2], 3, 4), ["b"] = Tensor([2], 3, 4), ["c"] = Tensor([2], 3, 4) };
        Dictionary<string, TensorCopy> bytes = new() { ["a"] = Tensor([2], 3, 4.1f), ["b"] = Tensor([2], 3, 5), ["c"] = Tensor([2], 3, 4) };
        OutputError error = OutputError.Between(floats, bytes);
        Assert.Equal((0.2, "b"), (Math.Round(error.Relative, 12), error.Output));
    }

    [Fact]
    public void What_is_stated_is_the_worst_input_the_median_and_the_least_of_the_others()
    {
        StatedError stated = StatedError.Of([new OutputError(0.1, 0.99, 1, "a"), new OutputError(0.4, 0.95, 0.5, "b"), new OutputError(0.2, 0.9, 0.75, "c")]);
        Assert.Equal(new StatedError(3, 0.4, 0.2, 0.9, 0.5, "b"), stated);
    }

    private static OutputError Between(float[] floats, float[] bytes) => OutputError.Between(Named(Tensor([floats.Length], floats)), Named(Tensor([bytes.Length], bytes)));

    private static Dictionary<string, TensorCopy> Named(TensorCopy value) => new() { ["y"] = value };

    private static TensorCopy Tensor(long[] shape, params float[] values) => new(ElementType.Float, [.. shape], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
}
