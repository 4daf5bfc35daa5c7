using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Visits every tensor stored in a model: initializers and attributes, in bodies and functions too.</summary>
internal static class TensorWalk
{
    public static void Visit(OnnxModel model, Action<TensorInfo> visit)
    {
        foreach (ModelFunction function in model.Functions)
            VisitFunction(function, visit);
        VisitGraph(model.Graph, visit);
    }

    public static void VisitFunction(ModelFunction function, Action<TensorInfo> visit)
    {
        VisitAttributes(function.DefaultedAttributes, visit);
        VisitNodes(function.Nodes, visit);
    }

    public static void VisitGraph(OnnxGraph graph, Action<TensorInfo> visit)
    {
        foreach (TensorInfo tensor in graph.Initializers)
            visit(tensor);
        VisitSparse(graph.SparseInitializers, visit);
        VisitNodes(graph.Nodes, visit);
    }

    private static void VisitNodes(IReadOnlyList<Node> nodes, Action<TensorInfo> visit)
    {
        foreach (Node node in nodes)
            VisitAttributes(node.Attributes, visit);
    }

    public static void VisitAttributes(NodeAttribute[] attributes, Action<TensorInfo> visit)
    {
        foreach (NodeAttribute attribute in attributes)
        {
            foreach (TensorInfo tensor in attribute.Tensors)
                visit(tensor);
            VisitSparse(attribute.SparseTensors, visit);
            foreach (OnnxGraph body in attribute.Graphs)
                VisitGraph(body, visit);
        }
    }

    private static void VisitSparse(IReadOnlyList<SparseTensorInfo> tensors, Action<TensorInfo> visit)
    {
        foreach (SparseTensorInfo tensor in tensors)
        {
            visit(tensor.Values);
            visit(tensor.Indices);
        }
    }
}
