using System;
using System.IO;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Tool.Output;
using Cleave.Tool.Verification;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

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
        StringWriter output = new();
        VerifyText.Write(new VerifyReport
        {
            Model = "m.onnx",
            OnnxRuntime = "1",
            Seed = 1,
            Threads = 1,
            Nodes = 2,
            Groups = 2,
            Verdict = Verdict.Equal,
            Inputs = ["random"],
            Segments = 1,
            CutValues = 0,
            Outputs = [new OutputReport("y", moved, same, same, same, same, same)],
            Partitions = [],
            Batch = null,
            Failures = [],
            Notes = [],
        }, output);
        Assert.Matches("whole model, optimised or not +1e-07 +beside a 0 +all of it is 0 ", output.ToString());
        Assert.DoesNotContain("nfin", output.ToString());
    }

    private static TensorCopy Tensor(params float[] numbers) => new(ElementType.Float, [numbers.Length], MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
}
