using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Shapes.Batch;

/// <summary>
/// Finds the batch axis of a model: a named dimension that each input and output has once, and along which every operator on
/// every path keeps samples apart. Then B samples together give what they give one by one.
/// </summary>
internal sealed class BatchAxis
{
    private readonly GraphFacts _facts;
    private readonly string _dimension;
    private readonly Dictionary<string, BatchState> _states = new(StringComparer.Ordinal);
    private readonly HashSet<(string, string)> _functions = [];

    private BatchAxis(GraphFacts facts, string dimension)
    {
        _facts = facts;
        _dimension = dimension;
        foreach (ModelFunction function in facts.Model.Functions)
            _functions.Add((function.Domain, function.Name));
    }

    /// <summary>The proof for the given outputs, or why there is none. It rests on what is proven only: a wrong shape in the file would give wrong results.</summary>
    public static BatchProof Find(GraphFacts facts, IReadOnlyList<string> outputs)
    {
        facts = facts.Proven;
        IReadOnlyList<ValueInfo> inputs = facts.Model.Graph.CallerInputs();
        if (inputs.Count == 0 || outputs.Count == 0)
            return new BatchProof { Reason = "the model has no " + (inputs.Count == 0 ? "inputs" : "outputs") };
        // Before its names are looked for: one that is not followed may have very many.
        if (facts.Of(inputs[0].Name).Shape is null && inputs[0].Type is OnnxType.Tensor { Shape: not null })
            return NotFollowed(inputs[0]);
        BatchProof? first = null;
        List<string> candidates = Candidates(inputs, out string? unshared);
        foreach (string dimension in candidates)
        {
            BatchProof proof = new BatchAxis(facts, dimension).Prove(inputs, outputs);
            if (proof.Holds)
                return proof;
            first ??= proof;
        }
        // An unshared dimension before the first shared one may be what was meant by the batch: both are said.
        if (first is not null)
            return unshared is null ? first : new BatchProof { Reason = first.Reason + "; and " + unshared };
        return new BatchProof { Reason = unshared ?? "no dimension of the input '" + inputs[0].Name + "' has a name" };
    }

    // Names that every input has exactly once; those of first axes first. Besides, what is wrong with a name that comes before them.
    private static List<string> Candidates(IReadOnlyList<ValueInfo> inputs, out string? unshared)
    {
        List<string> candidates = [];
        unshared = null;
        if (inputs[0].Type is not OnnxType.Tensor { Shape: { } shape })
            return candidates;
        foreach (Dimension dimension in shape)
        {
            if (dimension.Value != null || dimension.Name is not { Length: > 0 } name)
                continue;
            ValueInfo? without = inputs.FirstOrDefault(i => AxisOf(i, name) is null);
            if (without is null)
                candidates.Add(name);
            else if (candidates.Count == 0)
                unshared ??= "the input '" + without.Name + "' does not have the dimension '" + name + "' exactly once";
        }
        return candidates;
    }

    private static int? AxisOf(ValueInfo input, string name)
    {
        if (input.Type is not OnnxType.Tensor { Shape: { } shape })
            return null;
        int axis = Array.FindIndex(shape, d => d.Value is null && d.Name == name);
        return axis >= 0 && axis == Array.FindLastIndex(shape, d => d.Value is null && d.Name == name) ? axis : null;
    }

    private BatchProof Prove(IReadOnlyList<ValueInfo> inputs, IReadOnlyList<string> outputs)
    {
        string name = _dimension;
        Dictionary<string, int> inputAxes = new(StringComparer.Ordinal), outputAxes = new(StringComparer.Ordinal);
        foreach (ValueInfo input in inputs)
        {
            int axis = AxisOf(input, name)!.Value;
            if (_facts.Of(input.Name).Shape is null)
                return NotFollowed(input);
            inputAxes.Add(input.Name, axis);
            _states[input.Name] = BatchState.PerSample(axis, Dim.One);
        }
        foreach (int position in _facts.Order)
            Follow(_facts.Model.Graph.Nodes[position]);
        foreach (string output in outputs)
        {
            BatchState state = Of(output);
            if (state.Kind == BatchKind.Mixed)
                return new BatchProof { Reason = state.Reason! };
            if (!state.IsPerSample)
                return new BatchProof { Reason = "the output '" + output + "' has no axis of the dimension '" + name + "'" };
            if (!state.Inner!.Equals(Dim.One))
                return new BatchProof { Reason = "the output '" + output + "' has " + state.Inner + " places for each sample along axis " + state.Axis };
            outputAxes[output] = state.Axis;
        }
        return new BatchProof { Dimension = name, InputAxes = inputAxes, OutputAxes = outputAxes };
    }

    private static BatchProof NotFollowed(ValueInfo input) => new() { Reason = "the input '" + input.Name + "' has a shape that is not followed" };

    // What nothing defines here is a constant.
    private BatchState Of(string value) => _states.TryGetValue(value, out BatchState state) ? state : BatchState.Independent;

    private void Follow(Node node)
    {
        string[] reads = Captures.ReadsOf(node);
        BatchState? mixed = null;
        BatchNode context = new(node, Opset(node.Domain), _dimension, _facts, Of);
        bool isIndependent = BatchRules.IsDeterministic(context, _functions);
        foreach (string read in reads)
        {
            BatchState state = Of(read);
            isIndependent &= state.Kind == BatchKind.Independent;
            if (state.Kind == BatchKind.Mixed)
                mixed ??= state;
        }
        for (int i = 0; i < node.Outputs.Length; i++)
        {
            string output = node.Outputs[i];
            if (output.Length > 0)
                _states[output] = Known(output) ?? (isIndependent ? BatchState.Independent : mixed ?? Checked(context, i));
        }
    }

    // Numbers that are known through and through tell themselves what they depend on, unless they lie in a shape that depends on the batch.
    private BatchState? Known(string output)
    {
        ValueFacts facts = _facts.Of(output);
        if (facts.Content is not { } content || !Array.TrueForAll(content, d => d.IsKnown)
            || facts.Shape is not { } shape || !Array.TrueForAll(shape, d => d.IsKnown && !d.Has(_dimension)))
            return null;
        return Array.Exists(content, d => d.Has(_dimension)) ? BatchState.Sizes : BatchState.Independent;
    }

    private BatchState Checked(BatchNode node, int output)
    {
        // A function of the model stands before an operator of its name.
        if (_functions.Contains((node.Node.Domain, node.Node.OpType)))
            return node.Mixed("is a function of the model, through which samples are not followed");
        BatchState state = BatchRules.Apply(node, output);
        if (!state.IsPerSample)
            return state;
        // What a rule says must show in the shape.
        if (node.OutShape(output) is not { } shape)
            return node.Mixed("has an output of unknown shape");
        if (state.Axis < 0 || state.Axis >= shape.Length || node.Batch * state.Inner! is not { } size || !shape[state.Axis].Equals(size))
            return node.Mixed("has an output in whose shape the batch is not found");
        for (int i = 0; i < shape.Length; i++)
        {
            if (i != state.Axis && node.HasBatch(shape[i]))
                return node.Mixed("sets each sample against each: axes " + state.Axis + " and " + i + " are the batch");
        }
        return state;
    }

    private long Opset(string domain)
    {
        foreach (OpsetImport import in _facts.Model.Opsets)
        {
            if (import.Domain == domain)
                return import.Version;
        }
        return 1;
    }
}
