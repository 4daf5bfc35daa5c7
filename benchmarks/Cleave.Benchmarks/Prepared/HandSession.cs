using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Tool.Benching;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Benchmarks.Prepared;

/// <summary>A session with ONNX Runtime's defaults, as the first page of its documentation has it.</summary>
internal sealed class HandSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly IReadOnlyList<(string Name, NativeTensor Tensor)> _inputs;

    /// <param name="path">The model's file.</param>
    /// <param name="inputs">What it runs with, by name.</param>
    public HandSession(string path, IReadOnlyList<(string Name, NativeTensor Tensor)> inputs)
    {
        _inputs = inputs;
        _session = new InferenceSession(path);
    }

    /// <summary>Inputs as ONNX Runtime takes them.</summary>
    public static IReadOnlyList<(string Name, NativeTensor Tensor)> Tensors(ModelInputs inputs) => [.. inputs.Inputs.Select(static i => (i.Name, Tensor(i)))];

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
