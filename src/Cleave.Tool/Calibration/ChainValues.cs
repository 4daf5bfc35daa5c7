using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Tool.Calibration;

/// <summary>What the generated models read and write. Only one runs at a time: those of the same shape share it.</summary>
internal sealed class ChainValues : IDisposable
{
    private readonly Dictionary<(bool IsInput, int Place, TensorElementType Type, string Shape), OrtValue> _values = [];

    /// <summary>Random numbers between -1 and 1, the same at the same place.</summary>
    public OrtValue Input(NodeMetadata input, int place)
    {
        long[] shape = Array.ConvertAll(input.Dimensions, d => (long)d);
        return Find(true, place, input.ElementDataType, shape, () => Random(input.ElementDataType, shape, place));
    }

    /// <summary>Where an output goes.</summary>
    public OrtValue Output(OrtTensorTypeAndShapeInfo output, int place) => Find(
        false, place, output.ElementDataType, output.Shape, () => OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, output.ElementDataType, output.Shape));

    public void Dispose()
    {
        foreach (OrtValue value in _values.Values)
            value.Dispose();
    }

    private OrtValue Find(bool isInput, int place, TensorElementType type, long[] shape, Func<OrtValue> make)
    {
        (bool, int, TensorElementType, string) key = (isInput, place, type, string.Join(',', shape));
        if (!_values.TryGetValue(key, out OrtValue? value))
            _values.Add(key, value = make());
        return value;
    }

    private static OrtValue Random(TensorElementType type, long[] shape, int seed)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        Random random = new(seed);
        if (type == TensorElementType.UInt8)
        {
            byte[] bytes = new byte[count];
            random.NextBytes(bytes);
            return OrtValue.CreateTensorValueFromMemory(bytes, shape);
        }
        float[] numbers = new float[count];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (random.NextSingle() * 2) - 1;
        return OrtValue.CreateTensorValueFromMemory(numbers, shape);
    }
}
