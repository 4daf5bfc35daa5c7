using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>
/// Cutting between all fusion groups at once loses no fused operator: the operators of ONNX Runtime's optimised graphs of a model in
/// one piece are those of its groups, each in a session of its own.
/// </summary>
public sealed class FusionAuditTests
{
    public static TheoryData<string> Models =>
        [.. ModelCatalog.All.Where(m => !m.IsBig && !m.HasConstantWeights && m.Name is not ("random_dag_5000" or "nasnet_224")).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void No_fused_operator_is_lost_with_extended_optimisations(string model) => Audit(model, GraphOptimizationLevel.ORT_ENABLE_EXTENDED);

    [Theory]
    [MemberData(nameof(Models))]
    public void No_fused_operator_is_lost_with_all_optimisations(string model) => Audit(model, GraphOptimizationLevel.ORT_ENABLE_ALL);

    private static void Audit(string name, GraphOptimizationLevel level)
    {
        using TempFolder folder = new();
        string path = ModelCatalog.Get(name).Write(folder.Path);
        using ByteSource source = ByteSource.OpenFile(path);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        SubModelWriter writer = new(model, source, path);
        Dictionary<string, int> whole = Fused(writer.Write(PartitionBuilder.WholeRequest(graph, "whole"), WeightMode.Copy), level, folder.Path);
        Dictionary<string, int> parts = [];
        foreach (SegmentNodes segment in PartitionBuilder.Build(graph, CutUnits.OfGroups(graph).PartOf).Segments)
        {
            foreach ((string op, int count) in Fused(writer.Write(PartitionBuilder.Request(graph, segment, "part"), WeightMode.Copy), level, folder.Path))
                parts[op] = parts.GetValueOrDefault(op) + count;
        }
        int allowed = Unavoidable(graph, level);
        string[] lost = [.. whole.Where(w => parts.GetValueOrDefault(w.Key) < w.Value - (w.Key.StartsWith("Conv+", StringComparison.Ordinal) ? allowed : 0))
            .Select(w => $"{w.Key} {w.Value} -> {parts.GetValueOrDefault(w.Key)}").Order(StringComparer.Ordinal)];
        Assert.True(lost.Length == 0, string.Join(", ", lost));
    }

    // Three things that a cut costs wherever it lies. An addition goes into a convolution only where its other operand is in blocks,
    // and what comes from another segment is not. A HardSwish goes into one only where its result stays inside. Nodes that ONNX Runtime would remove as equal stay where each gives a value away.
    private static int Unavoidable(PlanGraph graph, GraphOptimizationLevel level) => graph.Groups.Count(g =>
        (level == GraphOptimizationLevel.ORT_ENABLE_ALL && g.Kind is "ConvAdd" or "ConvAddActivation")
        || (level == GraphOptimizationLevel.ORT_ENABLE_ALL && g.Nodes.Any(n => graph.Nodes[n].OpType == "HardSwish"))
        || g.Nodes.Count(n => graph.Nodes[n].OpType == "Relu") > 1);

    // How many there are of each operator that ONNX Runtime made of several.
    private static Dictionary<string, int> Fused(SubModel model, GraphOptimizationLevel level, string folder)
    {
        string optimised = Path.Combine(folder, "optimised.onnx");
        using SessionOptions options = new()
        {
            IntraOpNumThreads = 1,
            GraphOptimizationLevel = level,
            OptimizedModelFilePath = optimised,
            // It warns that the file it writes is for this machine.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        new InferenceSession(model.Bytes, options).Dispose();
        using ByteSource source = ByteSource.OpenFile(optimised);
        return ModelReader.Read(source, CancellationToken.None).Graph.Nodes
            .Select(Describe).OfType<string>().GroupBy(d => d).ToDictionary(g => g.Key, g => g.Count());
    }

    // What a convolution in blocks and one that is not have in common: the activation inside.
    private static string? Describe(Node node)
    {
        string activation = node.Attributes.FirstOrDefault(a => a.Name == "activation")?.Strings is [{ Text: { Length: > 0 } text }] ? "+" + text : "";
        return node.OpType switch
        {
            "Conv" or "FusedConv" => activation.Length > 0 ? "Conv" + activation : null,
            "Gemm" or "FusedGemm" => "Gemm" + activation,
            // Where a part's input has named dimensions, ONNX Runtime even adds the skipped value inside the norm.
            "LayerNormalization" or "SkipLayerNormalization" => "LayerNormalization",
            "SimplifiedLayerNormalization" or "Split" => node.OpType,
            _ when node.Domain == "com.microsoft" || node.OpType.StartsWith("QLinear", StringComparison.Ordinal) => node.OpType,
            _ => null,
        };
    }
}
