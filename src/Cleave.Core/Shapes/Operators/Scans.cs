using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Scan: a body for each step along an axis of some inputs, with states carried on. Its first form (opset 8) had a batch as well.</summary>
internal static class Scans
{
    public static void Infer(NodeContext node)
    {
        long scanned = node.Int("num_scan_inputs", 0);
        bool batched = node.Opset < 9;
        int first = batched ? 1 : 0;
        if (node.Graph("body") is not { } body || scanned < 1 || scanned > node.InputCount - first)
            return;
        int states = node.InputCount - first - (int)scanned;
        Dim? batch = batched ? Enumerable.Range(first, node.InputCount - first).Select(i => node.Shape(i)?.FirstOrDefault()).FirstOrDefault(d => d is not null) : null;
        Dim? steps = null;
        List<ValueFacts> slices = [];
        for (int i = 0; i < scanned; i++)
        {
            ValueFacts input = node.Input(first + states + i);
            long? given = batched ? 1 : Axis(node, "scan_input_axes", i);
            int? axis = input.Shape is { } shape && given is { } number ? NodeContext.Axis(number, shape.Length) : null;
            if (axis is not null && (steps is null || steps.Value is null))
                steps = input.Shape![axis.Value];
            slices.Add(ValueFacts.Tensor(input.Element, axis is null ? null : [.. input.Shape!.Where((_, a) => a != axis && (a > 0 || !batched))]));
        }
        CarriedValues values = new(node, [.. Enumerable.Range(first, states).Select(i => batched ? WithoutBatch(node.Input(i)) : node.Input(i))]);
        ValueFacts[] outputs;
        do
        {
            outputs = node.InferBody(body, [.. values.Entering, .. slices]);
        }
        while (!values.AreSettled([.. outputs.Take(states)]));
        ValueFacts[] results = values.Results();
        for (int i = 0; i < results.Length; i++)
            node.Set(i, batched ? WithBatch(node, results[i], batch) : results[i]);
        for (int i = states; i < outputs.Length; i++)
            node.Set(i, Stacked(node, outputs[i], steps, batched ? 0 : Axis(node, "scan_output_axes", i - states), batched, batch));
    }

    private static long? Axis(NodeContext node, string attribute, int index) =>
        node.Ints(attribute) is not { Length: > 0 } axes ? 0 : index < axes.Length ? axes[index] : null;

    private static ValueFacts WithoutBatch(ValueFacts facts) =>
        ValueFacts.Tensor(facts.Element, facts.Shape is { Length: > 0 } shape ? [.. shape.Skip(1)] : null);

    private static ValueFacts WithBatch(NodeContext node, ValueFacts facts, Dim? batch) =>
        ValueFacts.Tensor(facts.Element, facts.Shape is { } shape ? [node.OrUnknown(batch), .. shape] : null);

    // The result of each step, along a new axis.
    private static ValueFacts Stacked(NodeContext node, ValueFacts result, Dim? steps, long? given, bool batched, Dim? batch)
    {
        ValueFacts stacked = ValueFacts.Tensor(result.Element, null);
        if (result.Shape is not { } shape || given is not { } number || NodeContext.Axis(number, shape.Length + 1) is not { } axis)
            return stacked;
        List<Dim> dims = [.. shape.Select(d => d.IsKnown ? d : node.Unknown())];
        dims.Insert(axis, node.OrUnknown(steps));
        stacked = stacked with { Shape = [.. dims] };
        return batched ? WithBatch(node, stacked, batch) : stacked;
    }
}
