using System;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Tool.Calibration;

/// <summary>Inputs for generated models: random numbers between -1 and 1, by a seed.</summary>
internal static class RandomTensor
{
    public static OrtValue Of(NodeMetadata input, int seed)
    {
        long[] shape = Array.ConvertAll(input.Dimensions, d => (long)d);
        long count = shape.Aggregate(1L, (a, b) => a * b);
        Random random = new(seed);
        if (input.ElementDataType == TensorElementType.UInt8)
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
