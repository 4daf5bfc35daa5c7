using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Verification;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>Whole models, predicted from the graph that ONNX Runtime made of them, with the shapes that it had in a run; one thread.</summary>
internal sealed class CostFromOptimised : IFamily
{
    private const string What = "cost from the optimised graph, one thread";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        CostModel device = CostLab.Shared.Device();
        List<(double, double)> pairs = [];
        foreach ((CostPlan plan, double measured) in CostLab.Shared.Measure(CostLab.Models(options), options))
        {
            if (!CostLab.IsJudged(measured))
                continue;
            double predicted = Predict(plan, device);
            pairs.Add((measured, predicted));
            yield return CostAccuracy.Of(What, plan, measured, predicted);
        }
        yield return CostAccuracy.Summary(What, pairs, 0.07, 0.20);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static double Predict(CostPlan plan, CostModel device)
    {
        CatalogModel catalog = ModelCatalog.Get(plan.Model);
        string path = catalog.Write(ModelCatalog.Folder), dump = Path.GetTempFileName();
        try
        {
            using ModelUnderTest model = new(path);
            SubModel whole = model.Write(PartitionBuilder.WholeRequest(model.Graph, "whole"));
            using (SessionOptions options = new() { IntraOpNumThreads = 1, OptimizedModelFilePath = dump, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL })
            using (new InferenceSession(whole.Bytes, options))
            {
            }
            Dictionary<string, long[]> shapes = Shapes(dump, plan, catalog, path);
            using ByteSource source = ByteSource.OpenFile(dump);
            OnnxModel optimised = ModelReader.Read(source, default);
            Dictionary<string, TensorInfo> constants = optimised.Graph.Initializers.ToDictionary(i => i.Name, StringComparer.Ordinal);
            double weights = constants.Values.Sum(i => (double)i.ByteSize);
            return device.Table.Call + optimised.Graph.Nodes.Sum(n => NodeWork.Of(new NodeSizes(
                n,
                v => constants.TryGetValue(v, out TensorInfo? constant) ? constant.Dims : shapes.GetValueOrDefault(v),
                constants.ContainsKey,
                v => constants.TryGetValue(v, out TensorInfo? constant) ? constant.Element : ElementType.Undefined)).Sum(w => device.Predict(w, 1, weights)));
        }
        finally
        {
            File.Delete(dump);
        }
    }

    // Every value is made an output, and the graph run as it is.
    private static Dictionary<string, long[]> Shapes(string dump, CostPlan plan, CatalogModel catalog, string path)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(dump));
        HashSet<string> outputs = [.. model.Graph.Output.Select(o => o.Name)];
        foreach (string value in model.Graph.Node.SelectMany(n => n.Output).Where(v => v.Length > 0 && outputs.Add(v)).ToArray())
            model.Graph.Output.Add(new ValueInfoProto { Name = value });
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
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
