using System;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Widening;

/// <summary>Where nodes say of themselves that they make floats of 16 bits: the types of everything else follow from what it reads.</summary>
internal static class StatedTypes
{
    private const long Half = (long)ElementType.Float16;

    // Numbers of element types, in ONNX's operators and in those of ONNX Runtime.
    private static readonly string[] Numbers = ["to", "dtype", "output_datatype", "output_dtype", "precision", "softmax_precision", "stash_type"];

    /// <summary>Whether an attribute of this name is the number of an element type.</summary>
    public static bool IsNumber(string attribute) => Array.IndexOf(Numbers, attribute) >= 0;

    /// <summary>Whether an attribute says it, in bodies, too.</summary>
    public static bool SaysHalf(NodeAttribute attribute) =>
        (IsNumber(attribute.Name) && attribute.Kind == AttributeKind.Int && attribute.Ints is [Half])
        || Array.Exists(attribute.Tensors, static t => t.Element == ElementType.Float16)
        || Array.Exists(attribute.SparseTensors, static t => t.Values.Element == ElementType.Float16)
        || Array.Exists(attribute.Types, IsHalf)
        || Array.Exists(attribute.Graphs, SaysHalf);

    /// <summary>Whether a graph says it anywhere.</summary>
    public static bool SaysHalf(OnnxGraph graph) =>
        graph.Initializers.Any(static t => t.Element == ElementType.Float16)
        || graph.SparseInitializers.Any(static t => t.Values.Element == ElementType.Float16)
        || graph.Inputs.Concat(graph.Outputs).Concat(graph.ValueInfos).Any(static v => IsHalf(v.Type))
        || graph.Nodes.Any(static n => Array.Exists(n.Attributes, SaysHalf));

    /// <summary>Whether a type is, or holds, floats of 16 bits.</summary>
    public static bool IsHalf(OnnxType type) => type switch
    {
        OnnxType.Tensor tensor => tensor.Element == ElementType.Float16,
        OnnxType.SparseTensor tensor => tensor.Element == ElementType.Float16,
        OnnxType.Sequence sequence => IsHalf(sequence.Element),
        OnnxType.Optional optional => IsHalf(optional.Element),
        OnnxType.Map map => IsHalf(map.Value),
        _ => false,
    };
}
