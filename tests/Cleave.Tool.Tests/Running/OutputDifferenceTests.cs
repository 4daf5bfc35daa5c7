using System;
using System.IO;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Xunit;

namespace Cleave.Tool.Tests.Running;

/// <summary>Differences in words, where there is nothing to divide them by.</summary>
public sealed class OutputDifferenceTests
{
    [Theory]
    [InlineData(0f, 4f, 0f, 3f, "0.25 of its range")]
    [InlineData(0f, 0f, 0.5f, 0f, "0.5, where all of it is 0")]
    [InlineData(1f, 2f, 1f, float.NaN, "a number on one side, none on the other")]
    public void A_difference_is_said_by_the_range_where_there_is_one(float one, float two, float thisOne, float thisTwo, string words) =>
        Assert.Equal(words, OutputDifference.Between(Tensor(one, two), Tensor(thisOne, thisTwo)).Apart());

    [Fact]
    public void An_output_of_zeros_has_no_infinite_numbers_in_the_table()
    {
        OutputDifference moved = OutputDifference.Between(Tensor(0, 0), Tensor(1e-7f, 0)), same = OutputDifference.None;
        string output = Text(Report with { Outputs = [new OutputReport("y", moved, same, same, same, same, same)] });
        Assert.Matches("whole model, optimised or not +1e-07 +beside a 0 +all of it is 0 ", output);
        Assert.DoesNotContain("nfin", output);
    }

    /// <summary>Cut as it was, on the inputs that it failed on.</summary>
    [Fact]
    public void A_partition_that_differs_is_said_with_what_repeats_it() => Assert.Contains(
        "partition over groups (again: --partitions 1 --seed 8 --input-seed 1), output 'y', random, ",
        Text(Report with { Verdict = Verdict.Different, Failures = [new Failure("groups", 8, null, "y", "random", true, "much")] }));

    private static VerifyReport Report => new()
    {
        Model = "m.onnx",
        OnnxRuntime = "1",
        Seed = 1,
        InputSeed = 1,
        Threads = 1,
        Nodes = 2,
        Groups = 2,
        Verdict = Verdict.Equal,
        Inputs = ["random"],
        Segments = 1,
        CutValues = 0,
        Outputs = [],
        Partitions = [],
        Batch = null,
        Failures = [],
        Notes = [],
    };

    private static string Text(VerifyReport report)
    {
        StringWriter output = new();
        VerifyText.Write(report, output);
        return output.ToString();
    }

    private static TensorCopy Tensor(params float[] numbers) => new(ElementType.Float, [numbers.Length], MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
}
