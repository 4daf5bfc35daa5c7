using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>Writes a ValueInfoProto for a value of which the file does not say the type.</summary>
internal static class ValueMessage
{
    public static MessageBuilder Of(string name, OnnxType.Tensor type)
    {
        MessageBuilder tensor = new();
        tensor.Number(Tags.TensorType.Element, (long)type.Element);
        if (type.Shape is { } dimensions)
            tensor.Message(Tags.TensorType.Shape, Shape(dimensions));
        MessageBuilder typeMessage = new();
        typeMessage.Message(Tags.Type.Tensor, tensor);
        MessageBuilder value = new();
        value.Text(Tags.ValueInfo.Name, name);
        value.Message(Tags.ValueInfo.Type, typeMessage);
        return value;
    }

    private static MessageBuilder Shape(Dimension[] dimensions)
    {
        MessageBuilder shape = new();
        foreach (Dimension dimension in dimensions)
        {
            MessageBuilder one = new();
            if (dimension.Value is { } size)
                one.Number(Tags.Dimension.Value, size);
            else
                one.Text(Tags.Dimension.Parameter, dimension.Name ?? "");
            shape.Message(Tags.Shape.Dimension, one);
        }
        return shape;
    }
}
