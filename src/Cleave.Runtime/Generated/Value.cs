using System;
using System.ComponentModel;
using Cleave.Core.Graph;
using Cleave.Elements;

namespace Cleave.Generated;

/// <summary>A model's input, output, or a value inside it: its ONNX name, element type and shape. Made by generated code; immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class Value
{
    private Value(string name, Element element, Dim[]? shape, bool isSteady = false)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
        Element = element;
        Shape = shape;
        IsSteady = isSteady;
    }

    internal string Name { get; }

    internal Element Element { get; }

    /// <summary>Null where not even the rank is known.</summary>
    internal Dim[]? Shape { get; }

    /// <summary>Whether its shape, as far as it is not said, is the same in each call of the same dimensions.</summary>
    internal bool IsSteady { get; }

    /// <summary>A tensor of known rank. <typeparamref name="T"/> is the C# element type: <see cref="Half"/> for float16.</summary>
    /// <exception cref="NotSupportedException">ONNX Runtime's binding can make no tensor of <typeparamref name="T"/>.</exception>
    public static Value Tensor<T>(string name, params Dim[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new Value(name, Element.Of<T>(), shape);
    }

    /// <summary>A tensor of which the model does not even say the rank.</summary>
    /// <exception cref="NotSupportedException">ONNX Runtime's binding can make no tensor of <typeparamref name="T"/>.</exception>
    public static Value TensorOfAnyShape<T>(string name) => new(name, Element.Of<T>(), null);

    /// <summary>The same value, of which it is known that its whole shape follows from those of the inputs, whatever they hold: calls of the same dimensions give it the same shape.</summary>
    public Value ShapedByInputs() => new(Name, Element, Shape, isSteady: true);

    /// <summary>A tensor, for code that is not generated; no shape: not even the rank is known.</summary>
    internal static Value Of(string name, ElementType type, Dim[]? shape) => new(name, Element.Of(type), shape);

    /// <summary>As it is between segments of which the floats of 16 bits are computed in 32.</summary>
    internal Value Widened() => Element.Type == ElementType.Float16 ? new Value(Name, Element.Of<float>(), Shape, IsSteady) : this;

    /// <summary>For messages: <c>input_ids: int64 [batch, sequence]</c>.</summary>
    public override string ToString() =>
        Name + ": " + Element.Word + (Shape is null ? " of any shape" : " [" + string.Join(", ", Shape) + "]");
}
