using System;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.TestKit.Generation;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.TestKit.Catalog;

/// <summary>Tensors to and from ONNX Runtime's values.</summary>
public static class OrtTensors
{
    /// <summary>A value over the same memory, of Half over a copy.</summary>
    public static OrtValue ToOrtValue(this TensorData tensor)
    {
        long[] shape = [.. tensor.Shape.Select(d => (long)d)];
        return tensor.Data switch
        {
            float[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            double[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            long[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            int[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            byte[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            sbyte[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            bool[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            Half[] data => OrtValue.CreateTensorValueFromMemory(MemoryMarshal.Cast<Half, Float16>(data).ToArray(), shape),
            _ => throw new NotSupportedException(tensor.Data.GetType().ToString()),
        };
    }

    /// <summary>A copy.</summary>
    public static TensorData ToTensorData(this OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        int[] shape = [.. info.Shape.Select(d => (int)d)];
        Array data = info.ElementDataType switch
        {
            TensorElementType.Float => value.GetTensorDataAsSpan<float>().ToArray(),
            TensorElementType.Double => value.GetTensorDataAsSpan<double>().ToArray(),
            TensorElementType.Int64 => value.GetTensorDataAsSpan<long>().ToArray(),
            TensorElementType.Int32 => value.GetTensorDataAsSpan<int>().ToArray(),
            TensorElementType.UInt8 => value.GetTensorDataAsSpan<byte>().ToArray(),
            TensorElementType.Int8 => value.GetTensorDataAsSpan<sbyte>().ToArray(),
            TensorElementType.Bool => value.GetTensorDataAsSpan<bool>().ToArray(),
            TensorElementType.String => value.GetStringTensorAsArray(),
            TensorElementType.Float16 => MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()).ToArray(),
            _ => throw new NotSupportedException(info.ElementDataType.ToString()),
        };
        return new TensorData(data, shape);
    }
}
