using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Models.Tests;

/// <summary>ONNX Runtime on a file as published: one thread, nothing of Cleave in between.</summary>
internal sealed class OrtReference : IDisposable
{
    private readonly InferenceSession _session;

    public OrtReference(string path, GraphOptimizationLevel optimisation = GraphOptimizationLevel.ORT_ENABLE_ALL)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = optimisation,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(path, options);
    }

    public IReadOnlyDictionary<string, TensorData> Run(IReadOnlyDictionary<string, TensorData> inputs)
    {
        string[] names = [.. inputs.Keys];
        OrtValue[] values = [.. names.Select(n => inputs[n].ToOrtValue())];
        try
        {
            using RunOptions options = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, names, values, [.. _session.OutputNames]);
            Dictionary<string, TensorData> results = [];
            for (int i = 0; i < outputs.Count; i++)
                results.Add(_session.OutputNames[i], outputs[i].ToTensorData());
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
