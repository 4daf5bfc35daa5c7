using System;
using System.Linq;
using Cleave.Core.Graph;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Tool.Running;

/// <summary>A tensor as it lies in memory; <paramref name="Strings"/> instead of bytes where it holds texts.</summary>
internal sealed record TensorCopy(ElementType Type, long[] Shape, byte[] Bytes, string[]? Strings = null)
{
    public long Count => Shape.Aggregate(1L, (a, b) => checked(a * b));

    public static TensorCopy Of(OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        // ONNX Runtime numbers element types as ONNX does.
        ElementType type = (ElementType)(int)info.ElementDataType;
        return type == ElementType.String
            ? new TensorCopy(type, info.Shape, [], value.GetStringTensorAsArray())
            : new TensorCopy(type, info.Shape, info.ElementCount == 0 ? [] : value.GetTensorMutableRawData().ToArray());
    }

    /// <summary>A value in memory of ONNX Runtime, aligned as its own are: alignment can decide the last bit of a sum.</summary>
    public OrtValue ToOrtValue()
    {
        if (Strings != null)
        {
            OrtValue texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, Shape);
            for (int i = 0; i < Strings.Length; i++)
                texts.StringTensorSetElementAt(Strings[i].AsSpan(), i);
            return texts;
        }
        OrtValue value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, (TensorElementType)(int)Type, Shape);
        if (Bytes.Length > 0)
            Bytes.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    public bool SameBits(TensorCopy other) => Type == other.Type && Shape.SequenceEqual(other.Shape)
        && (Strings != null ? Strings.SequenceEqual(other.Strings!, StringComparer.Ordinal) : Bytes.AsSpan().SequenceEqual(other.Bytes));
}
