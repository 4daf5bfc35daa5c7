using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Tool.Benching;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Benchmarks.Prepared;

/// <summary>A session as the first page of ONNX Runtime's documentation has it, with the defaults.</summary>
internal sealed class HandSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly IReadOnlyList<(string Name, NativeTensor Tensor)> _inputs;

    /// <param name="path">The model's file.</param>
    /// <param name="inputs">What it runs with, by name.</param>
    /// <param name="options">Others than the defaults.</param>
    public HandSession(string path, IReadOnlyList<(string Name, NativeTensor Tensor)> inputs, SessionOptions? options = null)
    {
        _inputs = inputs;
        _session = options is null ? new InferenceSession(path) : new InferenceSession(path, options);
    }

    /// <summary>Inputs as ONNX Runtime takes them.</summary>
    public static IReadOnlyList<(string Name, NativeTensor Tensor)> Tensors(RequestInputs inputs) => [.. inputs.Inputs.Select(static i => (i.Name, Tensor(i)))];

    public void Run() => Run(_inputs);

    public void Run(IReadOnlyList<(string Name, NativeTensor Tensor)> inputs)
    {
        using IDisposableReadOnlyCollection<OrtValue> results =
            _session.Run(_options, [.. inputs.Select(static i => i.Name)], [.. inputs.Select(static i => i.Tensor.Value)], _session.OutputNames);
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private static NativeTensor Tensor(InputData input)
    {
        if (input.Type == ElementType.String)
            throw new NotSupportedException("The inputs of these models are numbers.");
        NativeTensor tensor = new((TensorElementType)input.Type, [.. input.Shape.Select(static d => (long)d)], input.Bytes.Length);
        tensor.Set(input.Bytes);
        return tensor;
    }
}
