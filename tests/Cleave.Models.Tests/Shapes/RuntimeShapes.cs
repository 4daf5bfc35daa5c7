using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Models.Tests.Shapes;

/// <summary>A tensor's element type and shape as ONNX Runtime reports them after a run.</summary>
internal sealed record RuntimeShape(int Element, long[] Dims);

/// <summary>ONNX Runtime on a model whose every value is an output, without optimisations: the truth on shapes.</summary>
internal sealed class RuntimeShapes : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string[] _asked;

    public RuntimeShapes(ModelProto model)
    {
        model = model.Clone();
        HashSet<string> outputs = [.. model.Graph.Output.Select(o => o.Name)];
        foreach (string value in model.Graph.Node.SelectMany(n => n.Output).Where(o => o.Length > 0 && outputs.Add(o)))
            model.Graph.Output.Add(new ValueInfoProto { Name = value });
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        _session = new InferenceSession(model.ToByteArray(), options);
        _asked = [.. _session.OutputNames];
    }

    /// <summary>The graph that ONNX Runtime runs at a level of optimisation, on this processor.</summary>
    public static ModelProto Optimised(byte[] model, GraphOptimizationLevel level)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using (SessionOptions options = new()
            {
                IntraOpNumThreads = 1,
                GraphOptimizationLevel = level,
                OptimizedModelFilePath = path,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            })
            using (new InferenceSession(model, options))
                return ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Of each value that is a tensor.</summary>
    public IReadOnlyDictionary<string, RuntimeShape> Run(IReadOnlyDictionary<string, TensorData> inputs)
    {
        string[] names = [.. inputs.Keys];
        OrtValue[] values = [.. names.Select(n => inputs[n].ToOrtValue())];
        try
        {
            using RunOptions options = new();
            using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, names, values, _asked);
            Dictionary<string, RuntimeShape> shapes = [];
            for (int i = 0; i < outputs.Count; i++)
            {
                if (!outputs[i].IsTensor)
                    continue;
                OrtTensorTypeAndShapeInfo info = outputs[i].GetTensorTypeAndShape();
                shapes.Add(_asked[i], new RuntimeShape((int)info.ElementDataType, info.Shape));
            }
            return shapes;
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();
}
