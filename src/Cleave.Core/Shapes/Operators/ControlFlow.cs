using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>If and Loop: operators whose attributes are graphs.</summary>
internal static class ControlFlow
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "If", Coverage.Partial, If),
        new("", "Loop", Coverage.Partial, Loop),
        new("", "Scan", Coverage.Partial, Scans.Infer),
    ];

    private static void If(NodeContext node)
    {
        if (node.Graph("then_branch") is not { } thenBranch || node.Graph("else_branch") is not { } elseBranch)
            return;
        if (node.Number(0)?.Value is { } condition)
        {
            ValueFacts[] outputs = node.InferBody(condition != 0 ? thenBranch : elseBranch, []);
            for (int i = 0; i < outputs.Length; i++)
                node.Set(i, outputs[i]);
            return;
        }
        ValueFacts[] one = node.InferBody(thenBranch, []), other = node.InferBody(elseBranch, []);
        for (int i = 0; i < one.Length && i < other.Length; i++)
            node.Set(i, Alternatives.Of(node, one[i], other[i]));
    }

    private static void Loop(NodeContext node)
    {
        if (node.Graph("body") is not { } body || body.Inputs.Count < 2 || body.Outputs.Count < 1)
            return;
        int carried = Math.Min(Math.Max(0, node.InputCount - 2), body.Outputs.Count - 1);
        bool starts = !node.HasInput(1) || node.Number(1)?.Value is > 0;
        CarriedValues values = new(node, [.. Enumerable.Range(2, carried).Select(node.Input)]);
        ValueFacts turn = Scalar(node, body.Inputs[0], ElementType.Int64), goesOn = Scalar(node, body.Inputs[1], ElementType.Bool);
        if (starts && goesOn.Shape is { } one && one.Length <= 1)
            goesOn = goesOn with { Content = [Dim.One] };
        ValueFacts[] outputs;
        do
        {
            outputs = node.InferBody(body, [turn, goesOn, .. values.Entering]);
        }
        while (!values.AreSettled([.. outputs.Skip(1).Take(carried)]));
        ValueFacts[] results = values.Results();
        for (int i = 0; i < results.Length; i++)
            node.Set(i, results[i]);
        Dim? turns = starts && outputs[0].Content is { Length: 1 } left && left[0].Value > 0 ? Turns(node) : null;
        for (int i = 1 + carried; i < outputs.Length; i++)
            node.Set(i - 1, Stacked(node, outputs[i], turns));
    }

    // The most turns; all of them are taken where nothing ends the loop before.
    private static Dim? Turns(NodeContext node) =>
        node.Number(0) is not { } most ? null
        : most.Value is { } count ? Dim.Of(Math.Max(0, count))
        : most.Names() is { Count: 1 } names && most.Equals(Dim.Named(names.Min!)) ? most
        : Dim.Max(most, Dim.Zero);

    // One result of each turn. Without a turn ONNX Runtime writes 0 for what is no number.
    private static ValueFacts Stacked(NodeContext node, ValueFacts result, Dim? turns)
    {
        if (result.Kind != ValueKind.Tensor)
            return ValueFacts.Unknown;
        bool some = turns?.Value > 0;
        return ValueFacts.Tensor(result.Element, result.Shape is { } shape && turns?.Value != 0
            ? [node.OrUnknown(turns), .. shape.Select(d => d.Value is not null || (some && d.IsKnown) ? d : node.Unknown())]
            : null);
    }

    // ONNX Runtime gives the turn and the condition the rank that the body says.
    private static ValueFacts Scalar(NodeContext node, ValueInfo input, ElementType element) =>
        ValueFacts.Tensor(element, node.Declared(input.Type).Shape is { Length: 1 } ? [Dim.One] : []);
}
