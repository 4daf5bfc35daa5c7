using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Every constant tensor of a model: initializers, and those in the attributes of nodes, also in bodies and functions.</summary>
internal static class AllTensors
{
    public static IEnumerable<TensorProto> Of(ModelProto model) => OfGraph(model.Graph)
        .Concat(model.Functions.SelectMany(f => f.Node.SelectMany(n => n.Attribute).Concat(f.AttributeProto)).SelectMany(OfAttribute));

    private static IEnumerable<TensorProto> OfGraph(GraphProto graph) => graph.Initializer
        .Concat(graph.SparseInitializer.SelectMany(OfSparse))
        .Concat(graph.Node.SelectMany(n => n.Attribute).SelectMany(OfAttribute));

    private static IEnumerable<TensorProto> OfAttribute(AttributeProto attribute)
    {
        IEnumerable<TensorProto> tensors = attribute.Tensors.Concat(attribute.SparseTensors.SelectMany(OfSparse)).Concat(attribute.Graphs.SelectMany(OfGraph));
        if (attribute.T != null)
            tensors = tensors.Append(attribute.T);
        if (attribute.SparseTensor != null)
            tensors = tensors.Concat(OfSparse(attribute.SparseTensor));
        return attribute.G is null ? tensors : tensors.Concat(OfGraph(attribute.G));
    }

    private static IEnumerable<TensorProto> OfSparse(SparseTensorProto sparse) => [sparse.Values, sparse.Indices];
}
