using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Tool.Inspection;

/// <summary>A graph with the bodies of its If, Loop and Scan nodes.</summary>
internal static class GraphWalk
{
    /// <summary>The graph itself first, then its bodies, however deep.</summary>
    public static IEnumerable<OnnxGraph> WithBodies(OnnxGraph graph)
    {
        Stack<OnnxGraph> open = new([graph]);
        while (open.TryPop(out OnnxGraph? current))
        {
            yield return current;
            foreach (Node node in current.Nodes)
            {
                foreach (NodeAttribute attribute in node.Attributes)
                {
                    foreach (OnnxGraph body in attribute.Graphs)
                        open.Push(body);
                }
            }
        }
    }

    /// <summary>The tensors that <c>Constant</c> nodes hold.</summary>
    public static IEnumerable<TensorInfo> ConstantNodeTensors(OnnxGraph graph)
    {
        foreach (Node node in graph.Nodes)
        {
            if (node is not { OpType: "Constant", Domain: "" })
                continue;
            foreach (NodeAttribute attribute in node.Attributes)
            {
                foreach (TensorInfo tensor in attribute.Tensors)
                    yield return tensor;
                foreach (SparseTensorInfo sparse in attribute.SparseTensors)
                    yield return sparse.Values;
            }
        }
    }
}
