using System;
using System.Text;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>Turns a <c>Constant</c> node into an initializer.</summary>
internal static class ConstantNode
{
    public static bool IsConstant(Node node) => node.OpType == "Constant" && node.Domain.Length == 0;

    /// <summary>Whether the node's value can be written as an initializer; the few others stay nodes.</summary>
    public static bool CanBeInitializer(Node node)
    {
        if (!IsConstant(node) || node.Attributes.Length != 1 || node.Outputs.Length != 1)
            return false;
        NodeAttribute value = node.Attributes[0];
        if (value.Reference != null)
            return false;
        return (value.Name, value.Kind) switch
        {
            ("value", AttributeKind.Tensor) => value.Tensors[0].Message.Exists,
            ("sparse_value", AttributeKind.SparseTensor) => value.SparseTensors[0].Message.Exists,
            ("value_float", AttributeKind.Float) or ("value_floats", AttributeKind.Floats) => true,
            ("value_int", AttributeKind.Int) or ("value_ints", AttributeKind.Ints) => true,
            ("value_string", AttributeKind.String) or ("value_strings", AttributeKind.Strings) =>
                Array.TrueForAll(value.Strings, s => s.Text != null),
            _ => false,
        };
    }

    /// <summary>The TensorProto for numbers or strings that stand in the attribute itself.</summary>
    public static void WriteInline(MessageBuilder tensor, Node node)
    {
        NodeAttribute value = node.Attributes[0];
        bool isList = value.Kind is AttributeKind.Floats or AttributeKind.Ints or AttributeKind.Strings;
        if (isList)
            tensor.Number(Tags.Tensor.DimsOne, value.Floats.Length + value.Ints.Length + value.Strings.Length);
        switch (value.Kind)
        {
            case AttributeKind.Float or AttributeKind.Floats:
                tensor.Number(Tags.Tensor.Element, (int)ElementType.Float);
                tensor.Bytes(Tags.Tensor.Raw, LittleEndian(value.Floats, sizeof(float), BitConverter.GetBytes));
                break;
            case AttributeKind.Int or AttributeKind.Ints:
                tensor.Number(Tags.Tensor.Element, (int)ElementType.Int64);
                tensor.Bytes(Tags.Tensor.Raw, LittleEndian(value.Ints, sizeof(long), BitConverter.GetBytes));
                break;
            default:
                tensor.Number(Tags.Tensor.Element, (int)ElementType.String);
                foreach (AttributeText text in value.Strings)
                    tensor.Bytes(Tags.Tensor.String, Encoding.UTF8.GetBytes(text.Text!));
                break;
        }
        tensor.Text(Tags.Tensor.Name, node.Outputs[0]);
    }

    private static byte[] LittleEndian<T>(T[] values, int size, Func<T, byte[]> bytesOf)
    {
        byte[] bytes = new byte[values.Length * size];
        for (int i = 0; i < values.Length; i++)
        {
            byte[] one = bytesOf(values[i]);
            if (!BitConverter.IsLittleEndian)
                Array.Reverse(one);
            one.CopyTo(bytes, i * size);
        }
        return bytes;
    }
}
