using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Takes a BatchNormalization into the weights of the Conv before it, as ONNX Runtime does when nothing stands between them.</summary>
internal static class FoldedNorms
{
    private const float DefaultEpsilon = 1e-5f;

    /// <param name="edit">A model whose weights stand in its messages.</param>
    /// <returns>How many were taken in.</returns>
    public static int Apply(ModelEdit edit)
    {
        GraphProto graph = edit.Graph;
        Dictionary<string, TensorProto> constants = graph.Initializer.Where(FloatTensors.IsInline).ToDictionary(t => t.Name, StringComparer.Ordinal);
        Dictionary<string, NodeProto> producers = graph.Node.SelectMany(n => n.Output.Select(o => (o, n))).Where(p => p.o.Length > 0).ToDictionary(p => p.o, p => p.n, StringComparer.Ordinal);
        ILookup<string, NodeProto> readers = graph.Node.SelectMany(n => n.Input.Select(i => (i, n))).ToLookup(p => p.i, p => p.n, StringComparer.Ordinal);
        HashSet<string> kept = [.. edit.OutputNames, .. edit.BodyNames];
        FreshNames names = new(edit);
        HashSet<NodeProto> folded = [];
        foreach (NodeProto norm in graph.Node.Where(n => n.OpType == "BatchNormalization" && n.Domain.Length == 0 && n.Input.Count == 5 && n.Output.Count(o => o.Length > 0) == 1))
        {
            if (!producers.TryGetValue(norm.Input[0], out NodeProto? conv) || conv.OpType != "Conv" || conv.Domain.Length > 0
                || kept.Contains(conv.Output[0]) || readers[conv.Output[0]].Count() != 1
                || !norm.Input.Skip(1).Concat(conv.Input.Skip(1)).All(constants.ContainsKey)
                || !IsByChannel(norm, constants[norm.Input[1]], constants[conv.Input[1]]))
                continue;
            Fold(graph, conv, norm, constants, names);
            folded.Add(norm);
        }
        if (folded.Count == 0)
            return 0;
        ModelEdit.Remove(graph.Node, folded.Contains);
        edit.ForgetLostValues();
        edit.Changed();
        UnusedParts.RemoveInitializers(edit);
        return folded.Count;
    }

    // Not with the batch's own mean, and not for each place by itself, as operator sets up to 8 could.
    private static bool IsByChannel(NodeProto norm, TensorProto scale, TensorProto weight) =>
        !norm.Attribute.Any(static a => a.Name == "training_mode" && a.I != 0) && scale.Dims.Count == 1 && scale.Dims[0] == weight.Dims[0];

    // y = (conv(x, W) + b - mean) / sqrt(variance + epsilon) * scale + shift, which is a conv with other W and b.
    private static void Fold(GraphProto graph, NodeProto conv, NodeProto norm, Dictionary<string, TensorProto> constants, FreshNames names)
    {
        float[] Values(string name) => FloatTensors.Read(constants[name]);
        TensorProto weight = constants[conv.Input[1]];
        float[] weights = Values(conv.Input[1]), scale = Values(norm.Input[1]), shift = Values(norm.Input[2]), mean = Values(norm.Input[3]), variance = Values(norm.Input[4]);
        float[] bias = conv.Input.Count > 2 ? Values(conv.Input[2]) : new float[scale.Length];
        float epsilon = norm.Attribute.FirstOrDefault(a => a.Name == "epsilon")?.F ?? DefaultEpsilon;
        int each = weights.Length / scale.Length;
        for (int channel = 0; channel < scale.Length; channel++)
        {
            double factor = scale[channel] / Math.Sqrt((double)variance[channel] + epsilon);
            for (int i = channel * each; i < (channel + 1) * each; i++)
                weights[i] = (float)(weights[i] * factor);
            bias[channel] = (float)(((bias[channel] - (double)mean[channel]) * factor) + shift[channel]);
        }
        TensorProto newWeight = FloatTensors.Make(names.Next(weight.Name + "_folded"), [.. weight.Dims], weights);
        TensorProto newBias = FloatTensors.Make(names.Next(weight.Name + "_bias"), [scale.Length], bias);
        graph.Initializer.Add(newWeight);
        graph.Initializer.Add(newBias);
        string input = conv.Input[0];
        conv.Input.Clear();
        conv.Input.Add([input, newWeight.Name, newBias.Name]);
        conv.Output[0] = norm.Output[0];
    }
}
