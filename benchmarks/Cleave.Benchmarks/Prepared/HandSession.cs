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
    private readonly string[] _names;
    private readonly OrtValue[] _values;

    /// <param name="path">The model's file.</param>
    /// <param name="values">Its inputs, by name.</param>
    public HandSession(string path, IReadOnlyList<(string Name, OrtValue Value)> values)
    {
        _names = [.. values.Select(static v => v.Name)];
        _values = [.. values.Select(static v => v.Value)];
        _session = new InferenceSession(path);
    }

    /// <summary>Inputs as ONNX Runtime takes them; they live as long as the process.</summary>
    public static IReadOnlyList<(string Name, OrtValue Value)> Values(ModelInputs inputs) => [.. inputs.Inputs.Select(static i => (i.Name, Value(i)))];

    public void Run()
    {
        using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(_options, _names, _values, _session.OutputNames);
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private static OrtValue Value(InputData input)
    {
        if (input.Type == ElementType.String)
            throw new NotSupportedException("The inputs of these models are numbers.");
        NativeTensor tensor = new((TensorElementType)input.Type, [.. input.Shape.Select(static d => (long)d)], input.Bytes.Length);
        tensor.Set(input.Bytes);
        return tensor.Value;
    }
}
