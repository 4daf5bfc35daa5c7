using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>What ONNX Runtime makes of a whole model as a runner opens it, in a file of its own, and the work of its nodes with the shapes they had in a run.</summary>
internal sealed class OptimisedWork : IDisposable
{
    private readonly Company _company;

    public OptimisedWork(CostPlan plan)
    {
        CatalogModel catalog = ModelCatalog.Get(plan.Model);
        string path = catalog.Write(ModelCatalog.Folder);
        using ModelUnderTest model = new(path);
        SubModel whole = model.Write(PartitionBuilder.WholeRequest(model.Graph, "whole"), HalfFloats.Of(model.Graph.Model));
        using (SessionOptions options = new() { IntraOpNumThreads = 1, OptimizedModelFilePath = Path, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL })
        {
            if (whole.ReadsFiles)
                options.AddSessionConfigEntry(BoundChain.FolderKey, model.Folder);
            using (new InferenceSession(whole.Bytes, options))
            {
            }
        }
        Dictionary<string, long[]> shapes = Shapes(Path, plan, catalog, path);
        OnnxModel optimised = ModelReader.ReadFile(Path);
        Dictionary<string, TensorInfo> constants = optimised.Graph.Initializers.ToDictionary(i => i.Name, StringComparer.Ordinal);
        _company = new Company(optimised.Graph.Nodes.Count, constants.Values.Sum(i => (double)i.ByteSize));
        Nodes = [.. optimised.Graph.Nodes.Select(n => (n, NodeWork.Of(new NodeSizes(
            n,
            v => constants.TryGetValue(v, out TensorInfo? constant) ? constant.Dims : shapes.GetValueOrDefault(v),
            constants.ContainsKey,
            v => constants.TryGetValue(v, out TensorInfo? constant) ? constant.Element : ElementType.Undefined,
            optimised.Opsets.Single(static o => o.Domain.Length == 0).Version))))];
    }

    public string Path { get; } = System.IO.Path.GetTempFileName();

    public IReadOnlyList<(Node Node, IReadOnlyList<Work> Works)> Nodes { get; }

    /// <summary>Nanoseconds of a call with one thread.</summary>
    public double Predict(CostModel device) => device.Table.Call(1) + Nodes.Sum(n => Predict(device, n.Works));

    public double Predict(CostModel device, IReadOnlyList<Work> works) => works.Sum(w => device.Predict(w, 1, _company));

    public void Dispose() => File.Delete(Path);

    // Every value is made an output, and the graph run as it is.
    private static Dictionary<string, long[]> Shapes(string dump, CostPlan plan, CatalogModel catalog, string path)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(dump));
        HashSet<string> outputs = [.. model.Graph.Output.Select(o => o.Name)];
        foreach (string value in model.Graph.Node.SelectMany(n => n.Output).Where(v => v.Length > 0 && outputs.Add(v)).ToArray())
            model.Graph.Output.Add(new ValueInfoProto { Name = value });
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        options.AddSessionConfigEntry(BoundChain.FolderKey, System.IO.Path.GetDirectoryName(path)!);
        using InferenceSession session = new(model.ToByteArray(), options);
        using RunOptions run = new();
        var inputs = ModelInputs.Random(catalog, path, plan.Sample, seed: 1).Where(i => session.InputMetadata.ContainsKey(i.Key)).ToArray();
        OrtValue[] values = [.. inputs.Select(i => i.Value.ToOrtValue())];
        Dictionary<string, long[]> shapes = inputs.ToDictionary(i => i.Key, i => Array.ConvertAll(i.Value.Shape, d => (long)d), StringComparer.Ordinal);
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> made = session.Run(run, [.. inputs.Select(i => i.Key)], values, session.OutputNames);
            for (int i = 0; i < made.Count; i++)
            {
                if (made[i].IsTensor)
                    shapes[session.OutputNames[i]] = made[i].GetTensorTypeAndShape().Shape;
            }
        }
        finally
        {
            foreach (OrtValue value in values)
                value.Dispose();
        }
        return shapes;
    }
}
