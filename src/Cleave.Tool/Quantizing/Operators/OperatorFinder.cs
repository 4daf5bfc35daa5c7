using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing.Operators;

/// <summary>Finds the operators of a model that can be computed in 8 bits.</summary>
internal static class OperatorFinder
{
    // A smaller product is done before its input is rounded; a convolution uses each weight many times.
    private const long FewestWeights = 1024;

    /// <summary>Gives every node of the graph a name of its own.</summary>
    public static void NameNodes(ModelEdit edit)
    {
        FreshNames names = new(edit);
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (NodeProto node in edit.Graph.Node)
        {
            if (node.Name.Length == 0 || !seen.Add(node.Name))
                node.Name = names.Next(string.Create(CultureInfo.InvariantCulture, $"{node.OpType}_{node.Output.FirstOrDefault(o => o.Length > 0)}"));
        }
    }

    /// <param name="edit">A model whose weights stand in its messages and whose nodes have names.</param>
    /// <param name="withoutForm">Told why an operator that looks like one is none.</param>
    /// <param name="ownOperators">Whether ONNX Runtime's own operators may be used: then an LSTM has a form.</param>
    public static IReadOnlyList<QuantizableOperator> Find(ModelEdit edit, Action<LeftInFloats> withoutForm, bool ownOperators = false)
    {
        HashSet<string> overridable = [.. edit.Graph.Input.Select(i => i.Name)];
        Dictionary<string, TensorProto> constants = edit.Graph.Initializer.Where(t => FloatTensors.IsInline(t) && !overridable.Contains(t.Name)).ToDictionary(t => t.Name, StringComparer.Ordinal);
        List<QuantizableOperator> found = [];
        foreach (NodeProto node in edit.Graph.Node.Where(n => n.Domain is "" or "ai.onnx" && n.Input.Count >= 2))
        {
            if (!constants.TryGetValue(node.Input[1], out TensorProto? weight) || constants.ContainsKey(node.Input[0]) || edit.Facts.Of(node.Input[0]).Element != ElementType.Float)
                continue;
            if (Describe(node, weight, constants) is not { } candidate || (candidate.HasDynamicForm && candidate.Dims.Aggregate(1L, (a, b) => a * b) < FewestWeights))
                continue;
            if (candidate.Recurrent != null && !ownOperators)
            {
                withoutForm(new LeftInFloats($"'{node.Name}' stays in floats: ONNX has no LSTM in 8 bits, ONNX Runtime has (--allow-ort-operators)", NeedsOwnOperators: true));
                continue;
            }
            if (AreFinite(weight) && (candidate.Recurrent is null || AreFinite(constants[candidate.Recurrent])))
                found.Add(candidate);
            else
                withoutForm(new LeftInFloats($"the weights of '{node.Name}' are not all finite numbers: it stays in floats", NeedsOwnOperators: false));
        }
        return found;
    }

    private static QuantizableOperator? Describe(NodeProto node, TensorProto weight, Dictionary<string, TensorProto> constants)
    {
        long[] dims = [.. weight.Dims];
        switch (node.OpType)
        {
            case "MatMul" when dims.Length == 2:
                return new QuantizableOperator(node.Name, node.OpType, node.Input[0], weight.Name, dims, 1, null) { Output = node.Output[0] };
            case "Gemm" when dims.Length == 2 && Number(node, "alpha", 1) == 1 && Number(node, "beta", 1) == 1 && Flag(node, "transA") == 0:
                int channel = Flag(node, "transB") == 0 ? 1 : 0;
                string? added = node.Input.Count > 2 && node.Input[2].Length > 0 ? node.Input[2] : null;
                return added is null || (constants.TryGetValue(added, out TensorProto? bias) && bias.Dims.Count == 1 && bias.Dims[0] == dims[channel])
                    ? new QuantizableOperator(node.Name, node.OpType, node.Input[0], weight.Name, dims, channel, added) { Output = node.Output[0] }
                    : null;
            case "Conv" when dims.Length >= 3:
                string? shift = node.Input.Count > 2 && node.Input[2].Length > 0 ? node.Input[2] : null;
                return shift is null || constants.ContainsKey(shift) ? new QuantizableOperator(node.Name, node.OpType, node.Input[0], weight.Name, dims, 0, shift) { Output = node.Output[0] } : null;
            case "LSTM" when dims.Length == 3 && node.Input.Count > 2 && constants.TryGetValue(node.Input[2], out TensorProto? state) && Flag(node, "layout") == 0:
                return new QuantizableOperator(node.Name, node.OpType, node.Input[0], weight.Name, dims, 1, null) { Output = node.Output[0], Recurrent = state.Name };
            default:
                return null;
        }
    }

    private static bool AreFinite(TensorProto weight)
    {
        foreach (float value in FloatTensors.Span(weight))
        {
            if (!float.IsFinite(value))
                return false;
        }
        return true;
    }

    private static float Number(NodeProto node, string attribute, float otherwise) => node.Attribute.FirstOrDefault(a => a.Name == attribute)?.F ?? otherwise;

    private static long Flag(NodeProto node, string attribute) => node.Attribute.FirstOrDefault(a => a.Name == attribute)?.I ?? 0;
}
