using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Runs models in ONNX Runtime with one thread.</summary>
internal static class Ort
{
    public static InferenceSession Open(byte[] model, string? folder = null)
    {
        using SessionOptions options = Options();
        if (folder != null)
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", folder);
        return new InferenceSession(model, options);
    }

    public static InferenceSession OpenFile(string path)
    {
        using SessionOptions options = Options();
        return new InferenceSession(path, options);
    }

    /// <summary>Values for every input of a session; <paramref name="sizeOf"/> gives the dynamic dimensions, by input and axis.</summary>
    public static Dictionary<string, NamedOnnxValue> RandomInputs(InferenceSession session, int seed, Func<string, int, int> sizeOf)
    {
        Random random = new(seed);
        Dictionary<string, NamedOnnxValue> inputs = [];
        foreach ((string name, NodeMetadata meta) in session.InputMetadata)
        {
            int[] dims = [.. meta.Dimensions.Select((d, i) => d >= 0 ? d : sizeOf(name, i))];
            int length = dims.Aggregate(1, (a, b) => a * b);
            inputs.Add(name, meta.ElementType == typeof(long)
                ? NamedOnnxValue.CreateFromTensor(name, new DenseTensor<long>(Enumerable.Repeat(16000L, length).ToArray(), dims))
                : meta.ElementType == typeof(bool)
                    ? NamedOnnxValue.CreateFromTensor(name, new DenseTensor<bool>(Enumerable.Range(0, length).Select(_ => random.Next(2) == 0).ToArray(), dims))
                    : NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(Enumerable.Range(0, length).Select(_ => random.NextSingle() * 2 - 1).ToArray(), dims)));
        }
        return inputs;
    }

    public static NamedOnnxValue Floats(string name, params float[] values) =>
        NamedOnnxValue.CreateFromTensor(name, new DenseTensor<float>(values, [1, values.Length]));

    /// <summary>The outputs, by name, as float arrays (other types are converted).</summary>
    public static Dictionary<string, NamedOnnxValue> Run(InferenceSession session, IReadOnlyCollection<NamedOnnxValue> inputs)
    {
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs = session.Run(inputs);
        return outputs.ToDictionary(o => o.Name, Copy);
    }

    public static void Equal(Dictionary<string, NamedOnnxValue> expected, Dictionary<string, NamedOnnxValue> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach ((string name, NamedOnnxValue value) in expected)
        {
            if (value.Value is not Tensor<float> tensor)
            {
                Assert.Equal(value.Value, actual[name].Value);
                continue;
            }
            float[] wanted = [.. tensor];
            float[] got = [.. actual[name].AsTensor<float>()];
            Assert.Equal(tensor.Dimensions.ToArray(), actual[name].AsTensor<float>().Dimensions.ToArray());
            if (wanted.Length == 0)
                continue;
            Assert.DoesNotContain(wanted, float.IsNaN);
            float range = Math.Max(1e-6f, wanted.Max() - wanted.Min());
            float worst = wanted.Zip(got, (w, g) => w == g ? 0 : Math.Abs(w - g)).Max();
            Assert.True(worst <= 1e-5f * range, $"{name} differs by {worst}, its range is {range}");
        }
    }

    private static NamedOnnxValue Copy(DisposableNamedOnnxValue value) => value.ElementType switch
    {
        TensorElementType.Float => NamedOnnxValue.CreateFromTensor(value.Name, value.AsTensor<float>().ToDenseTensor()),
        TensorElementType.Int64 => NamedOnnxValue.CreateFromTensor(value.Name, value.AsTensor<long>().ToDenseTensor()),
        TensorElementType.UInt8 => NamedOnnxValue.CreateFromTensor(value.Name, value.AsTensor<byte>().ToDenseTensor()),
        TensorElementType.Bool => NamedOnnxValue.CreateFromTensor(value.Name, value.AsTensor<bool>().ToDenseTensor()),
        TensorElementType.String => NamedOnnxValue.CreateFromTensor(value.Name, value.AsTensor<string>().ToDenseTensor()),
        _ => throw new NotSupportedException(value.ElementType.ToString()),
    };

    private static SessionOptions Options() => new()
    {
        IntraOpNumThreads = 1,
        InterOpNumThreads = 1,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
    };
}
