using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Tool.Inspection;

/// <summary>Adds up the constant tensors of a model. Sums stop at the greatest number: sizes come from an untrusted file.</summary>
internal sealed class ParameterCounter
{
    private readonly SortedDictionary<string, (int Tensors, long Bytes)> _byType = new(StringComparer.Ordinal);
    private long _inConstantNodes;

    public static ParametersReport Count(OnnxModel model, IReadOnlyList<string> externalFiles)
    {
        ParameterCounter counter = new();
        foreach (OnnxGraph graph in GraphWalk.WithBodies(model.Graph))
        {
            foreach (TensorInfo tensor in graph.Initializers.Concat(graph.SparseInitializers.Select(s => s.Values)))
                counter.Add(tensor);
            foreach (TensorInfo tensor in GraphWalk.ConstantNodeTensors(graph))
            {
                counter.Add(tensor);
                counter._inConstantNodes = Sum(counter._inConstantNodes, tensor.ByteSize);
            }
        }
        ElementReport[] byType = [.. counter._byType
            .Select(t => new ElementReport(t.Key, t.Value.Tensors, t.Value.Bytes))
            .OrderByDescending(t => t.Bytes)];
        return new ParametersReport(
            byType.Sum(t => t.Tensors), byType.Aggregate(0L, (sum, t) => Sum(sum, t.Bytes)), counter._inConstantNodes, byType, externalFiles);
    }

    private void Add(TensorInfo tensor)
    {
        string word = tensor.Element.Word();
        (int tensors, long bytes) = _byType.GetValueOrDefault(word);
        _byType[word] = (tensors + 1, Sum(bytes, tensor.ByteSize));
    }

    private static long Sum(long a, long b) => b > long.MaxValue - a ? long.MaxValue : a + b;
}
