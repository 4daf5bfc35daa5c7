using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.TestKit.Generation;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Foundation;

/// <summary>
/// ONNX Runtime as one would write it by hand for speed: one thread, the file as published, inputs and outputs bound
/// once, <c>RunWithBinding</c>.
/// </summary>
internal sealed class BoundSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private readonly List<OrtValue> _values = [];

    /// <param name="path">The model's file.</param>
    /// <param name="output">The one output that is asked for; null: all.</param>
    public BoundSession(string path, string? output = null)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new InferenceSession(path, options);
        _binding = _session.CreateIoBinding();
        foreach ((string name, TensorData data) in Feeds.For(_session))
            _binding.BindInput(name, Pinned(data.As<float>(), data.Shape));
        foreach ((string name, NodeMetadata metadata) in _session.OutputMetadata)
        {
            if (output != null && name != output)
                continue;
            int[] shape = Feeds.Shape(metadata);
            _binding.BindOutput(name, Pinned(new float[shape.Aggregate(1, (a, b) => a * b)], shape));
        }
    }

    public void Run() => _session.RunWithBinding(_options, _binding);

    public void Dispose()
    {
        _binding.Dispose();
        foreach (OrtValue value in _values)
            value.Dispose();
        _options.Dispose();
        _session.Dispose();
    }

    private OrtValue Pinned(float[] data, int[] shape)
    {
        float[] pinned = GC.AllocateArray<float>(data.Length, pinned: true);
        data.CopyTo(pinned, 0);
        OrtValue value = OrtValue.CreateTensorValueFromMemory(pinned, [.. shape.Select(d => (long)d)]);
        _values.Add(value);
        return value;
    }
}
