using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests.Shapes;

/// <summary>
/// Shape inference on ONNX's node models, which has to find out all of it: what the files say of outputs and of values between is
/// taken away first. The truth is the data that comes with each model.
/// </summary>
public sealed class NodeShapeTests(ITestOutputHelper output)
{
    private enum Verdict
    {
        Exact,
        Unknown,
        Wrong,
    }

    /// <summary>
    /// Many of these models have for an input what is a constant in real ones: the shape of a Reshape, the pads of a Pad. So they
    /// are judged twice: as they are, where such a shape cannot be known, and with these inputs as constants.
    /// </summary>
    [SkippableFact]
    public void Of_all_outputs_nearly_all_are_exact_and_none_is_wrong()
    {
        Skip.If(NodeModels.All.Count == 0, NodeModels.WhySkipped);
        NodeCase[] cases = [.. NodeModels.All.Select(p => new NodeCase(p))];
        int[] alone = Judge(cases, sizes: false), withSizes = Judge(cases, sizes: true);
        Assert.Equal(0, alone[(int)Verdict.Wrong]);
        Assert.Equal(0, withSizes[(int)Verdict.Wrong]);
        Assert.True(Share(withSizes) >= 0.95, "too few are exact");
        Assert.True(Share(alone) >= 0.87, "too few are exact from the model alone");
    }

    private static double Share(int[] counts) => (double)counts[(int)Verdict.Exact] / counts.Sum();

    private int[] Judge(NodeCase[] cases, bool sizes)
    {
        int[] counts = new int[3];
        int agreed = 0;
        List<string> remarks = [];
        foreach (NodeCase test in cases)
        {
            GraphFacts facts = ShapeInference.Infer(test.Stripped(sizes));
            foreach ((string name, TensorProto truth) in test.Outputs)
            {
                Verdict verdict = Judge(facts.Of(name), test.Declared(name), truth, test);
                counts[(int)verdict]++;
                agreed += verdict == Verdict.Exact && Agrees(test.Declared(name), truth) ? 1 : 0;
                if (verdict != Verdict.Exact)
                    remarks.Add($"{verdict}: {test.Name}: {name} is {(ElementType)truth.DataType} {truth.Dims}, found {facts.Of(name)}");
            }
        }
        output.WriteLine(FormattableString.Invariant(
            $"{(sizes ? "with sizes as constants" : "from the model alone")}: {counts[0]} exact ({Share(counts):P1}), {counts[1]} unknown, {counts[2]} wrong"));
        output.WriteLine(FormattableString.Invariant($"  the file says the same of {agreed} of the exact ones; of the others it says less, or another thing than the data"));
        foreach (string remark in remarks.Order(StringComparer.Ordinal))
            output.WriteLine("  " + remark);
        return counts;
    }

    private static Verdict Judge(ValueFacts facts, TypeProto declared, TensorProto truth, NodeCase test)
    {
        if (facts.Kind == ValueKind.Unknown)
            return Verdict.Unknown;
        if (facts.Kind != ValueKind.Tensor || (facts.Element != ElementType.Undefined && facts.Element != Element(declared, truth)))
            return Verdict.Wrong;
        if (facts.Shape is not { } shape)
            return Verdict.Unknown;
        if (shape.Length != truth.Dims.Count)
            return Verdict.Wrong;
        long?[] sizes = [.. shape.Select(d => d.Evaluate(test.Dimension))];
        if (sizes.Where((s, i) => s is not null && s != truth.Dims[i]).Any())
            return Verdict.Wrong;
        return facts.Element == ElementType.Undefined || sizes.Contains(null) ? Verdict.Unknown : Verdict.Exact;
    }

    // The data of bfloat16 outputs is stored as uint16.
    private static ElementType Element(TypeProto declared, TensorProto truth) =>
        declared.TensorType.ElemType == (int)ElementType.BFloat16 && truth.DataType == (int)ElementType.UInt16 ? ElementType.BFloat16 : (ElementType)truth.DataType;

    private static bool Agrees(TypeProto declared, TensorProto truth) =>
        declared.TensorType.Shape is { } shape && shape.Dim.Select(d => d.DimValue).SequenceEqual(truth.Dims);
}
