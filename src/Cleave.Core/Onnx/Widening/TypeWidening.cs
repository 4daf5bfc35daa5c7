using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Onnx.Widening;

/// <summary>Writes types and typed values again, with floats of 32 bits in place of those of 16.</summary>
internal static class TypeWidening
{
    /// <summary>A ValueInfoProto, under another name where one is given.</summary>
    public static void Value(MessageBuilder target, int tag, WireFields fields, ByteRange message, string? name = null)
    {
        MessageBuilder value = new();
        foreach (WireField field in fields.Of(message))
        {
            if (field.Tag == Tags.ValueInfo.Type)
                Type(value, field.Tag, fields, field.Bytes);
            else if (field.Tag == Tags.ValueInfo.Name && name != null)
                value.Text(field.Tag, name);
            else
                fields.Copy(value, field);
        }
        target.Message(tag, value);
    }

    /// <summary>A TypeProto.</summary>
    public static void Type(MessageBuilder target, int tag, WireFields fields, ByteRange message)
    {
        MessageBuilder type = new();
        foreach (WireField field in fields.Of(message))
        {
            switch (field.Tag)
            {
                case Tags.Type.Tensor or Tags.Type.SparseTensor:
                    Tensor(type, field, fields);
                    break;
                case Tags.Type.Sequence or Tags.Type.Optional:
                    Wrapper(type, field, fields, Tags.Wrapper.Element);
                    break;
                case Tags.Type.Map:
                    Wrapper(type, field, fields, Tags.Map.Value);
                    break;
                default:
                    fields.Copy(type, field);
                    break;
            }
        }
        target.Message(tag, type);
    }

    /// <summary>The number of an element type.</summary>
    public static long Element(long element) => element == (long)ElementType.Float16 ? (long)ElementType.Float : element;

    private static void Tensor(MessageBuilder target, WireField tensor, WireFields fields)
    {
        MessageBuilder widened = new();
        foreach (WireField field in fields.Of(tensor.Bytes))
        {
            if (field.Tag == Tags.TensorType.Element)
                widened.Number(field.Tag, Element(field.Number));
            else
                fields.Copy(widened, field);
        }
        target.Message(tensor.Tag, widened);
    }

    private static void Wrapper(MessageBuilder target, WireField wrapper, WireFields fields, int inner)
    {
        MessageBuilder widened = new();
        foreach (WireField field in fields.Of(wrapper.Bytes))
        {
            if (field.Tag == inner)
                Type(widened, field.Tag, fields, field.Bytes);
            else
                fields.Copy(widened, field);
        }
        target.Message(wrapper.Tag, widened);
    }
}
