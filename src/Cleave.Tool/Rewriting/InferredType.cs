using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Writes what is known of a value as ONNX's TypeProto: named dimensions stay named, computed ones are left open.</summary>
internal static class InferredType
{
    /// <summary>The value with its type; null where the type is not known.</summary>
    public static ValueInfoProto? Value(string name, ValueFacts facts) => Of(facts) is { } type ? new ValueInfoProto { Name = name, Type = type } : null;

    public static TensorShapeProto Shape(Dim[] dims) => new() { Dim = { dims.Select(Of) } };

    private static TypeProto? Of(ValueFacts facts)
    {
        switch (facts.Kind)
        {
            case ValueKind.Tensor when facts.Element != ElementType.Undefined:
                TypeProto.Types.Tensor tensor = new() { ElemType = (int)facts.Element };
                if (facts.Shape is { } shape)
                    tensor.Shape = Shape(shape);
                return new TypeProto { TensorType = tensor };
            case ValueKind.Sequence when facts.Item is { } item && Of(item) is { } element:
                return new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = element } };
            case ValueKind.Optional when facts.Item is { } item && Of(item) is { } element:
                return new TypeProto { OptionalType = new TypeProto.Types.Optional { ElemType = element } };
            default:
                return null;
        }
    }

    private static TensorShapeProto.Types.Dimension Of(Dim dim)
    {
        if (dim.Value is { } size)
            return new TensorShapeProto.Types.Dimension { DimValue = size };
        string[] names = [.. dim.Names()];
        return names.Length == 1 && dim.Equals(Dim.Named(names[0]))
            ? new TensorShapeProto.Types.Dimension { DimParam = names[0] }
            : new TensorShapeProto.Types.Dimension();
    }
}
