using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Models.Tests;

/// <summary>ONNX Runtime on a file as published: one thread, all optimisations, nothing of Cleave in between.</summary>
internal sealed class OrtReference : IDisposable
{
    private readonly InferenceSession _session;

    public OrtReference(string path)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(path, options);
    }

    /// <summary>Inputs that have to be given, in the file's order.</summary>
    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    public Dictionary<string, TestTensor> Run(params TestTensor[] inputs)
    {
        OrtValue[] values = [.. inputs.Select(i => i.ToOrtValue())];
        try
        {
            using RunOptions options = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs =
                _session.Run(options, [.. inputs.Select(i => i.Name)], values, [.. _session.OutputNames]);
            Dictionary<string, TestTensor> results = new(StringComparer.Ordinal);
            for (int i = 0; i < outputs.Count; i++)
                results.Add(_session.OutputNames[i], TestTensor.From(_session.OutputNames[i], outputs[i]));
            return results;
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();
}
