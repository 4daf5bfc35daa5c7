using System;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Models.Tests;

/// <summary>A named array with its shape.</summary>
internal sealed record TestTensor(string Name, Array Data, int[] Shape)
{
    public OrtValue ToOrtValue()
    {
        long[] shape = [.. Shape.Select(d => (long)d)];
        return Data switch
        {
            float[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            long[] data => OrtValue.CreateTensorValueFromMemory(data, shape),
            _ => throw new NotSupportedException(Data.GetType().ToString()),
        };
    }

    public static TestTensor From(string name, OrtValue value)
    {
        OrtTensorTypeAndShapeInfo info = value.GetTensorTypeAndShape();
        int[] shape = [.. info.Shape.Select(d => (int)d)];
        return info.ElementDataType switch
        {
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float => new(name, value.GetTensorDataAsSpan<float>().ToArray(), shape),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 => new(name, value.GetTensorDataAsSpan<long>().ToArray(), shape),
            _ => throw new NotSupportedException(info.ElementDataType.ToString()),
        };
    }

    /// <summary>The largest difference to <paramref name="other"/>, relative to the range of this tensor.</summary>
    public double DifferenceTo(TestTensor other)
    {
        Xunit.Assert.Equal(Shape, other.Shape);
        float[] expected = (float[])Data, actual = (float[])other.Data;
        Xunit.Assert.Equal(expected.Length, actual.Length);
        if (expected.Length == 0)
            return 0;
        double range = Math.Max(expected.Max() - (double)expected.Min(), expected.Max(v => Math.Abs((double)v)));
        double difference = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            // NaN on one side only is a difference; Math.Max would lose it.
            if (float.IsNaN(expected[i]) != float.IsNaN(actual[i]))
                return double.PositiveInfinity;
            if (!float.IsNaN(expected[i]))
                difference = Math.Max(difference, Math.Abs((double)expected[i] - actual[i]));
        }
        return range == 0 ? difference : difference / range;
    }
}
