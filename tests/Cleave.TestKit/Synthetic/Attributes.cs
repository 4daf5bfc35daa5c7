using Cleave.OnnxProto;
using Google.Protobuf;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.TestKit.Synthetic;

/// <summary>Attributes of a node.</summary>
internal static class Attributes
{
    public static AttributeProto Int(string name, long value) => new() { Name = name, Type = Kind.Int, I = value };

    public static AttributeProto Ints(string name, params long[] values) => new() { Name = name, Type = Kind.Ints, Ints = { values } };

    public static AttributeProto Float(string name, float value) => new() { Name = name, Type = Kind.Float, F = value };

    public static AttributeProto Text(string name, string value) => new() { Name = name, Type = Kind.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Tensor(string name, TensorProto value) => new() { Name = name, Type = Kind.Tensor, T = value };

    public static AttributeProto Body(string name, ModelBuilder body) => new() { Name = name, Type = Kind.Graph, G = body.Graph };
}
