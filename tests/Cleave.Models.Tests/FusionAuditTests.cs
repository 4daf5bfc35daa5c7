using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>
/// Cutting wherever a plan may cut at once loses no fused operator: the operators of ONNX Runtime's optimised graphs of a model in
/// one piece are those of its units, each in a session of its own.
/// </summary>
public sealed class FusionAuditTests
{
    public static TheoryData<string> Models =>
        [.. ModelCatalog.All.Where(m => !m.IsBig && !m.HasConstantWeights).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Models))]
    public void No_fused_operator_is_lost_with_extended_optimisations(string model) => Audit(model, GraphOptimizationLevel.ORT_ENABLE_EXTENDED);

    [Theory]
    [MemberData(nameof(Models))]
    public void No_fused_operator_is_lost_with_all_optimisations(string model) => Audit(model, GraphOptimizationLevel.ORT_ENABLE_ALL);

    /// <summary>The audit knows fused operators when it sees them: where it recognised none, none would be lost.</summary>
    [Theory]
    [InlineData("bert_tiny", "BiasGelu", "FusedMatMul", "Gemm+Tanh", "LayerNormalization")]
    [InlineData("residual", "Conv+Relu", "Gemm")]
    [InlineData("qdq_cnn", "QGemm", "QLinearAdd", "QLinearConv")]
    [InlineData("two_tower_8x256", "Gemm+Relu")]
    public void Fused_operators_are_recognised(string name, params string[] expected)
    {
        using TempFolder folder = new();
        string path = ModelCatalog.Get(name).Write(folder.Path);
        using ByteSource source = ByteSource.OpenFile(path);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        SubModel whole = new SubModelWriter(model, source, path).Write(PartitionBuilder.WholeRequest(graph, "whole"), WeightMode.Copy);
        Dictionary<string, int> fused = Fused(whole, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, folder.Path);
        Assert.All(expected, o => Assert.Contains(o, fused.Keys));
    }

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
        foreach (PlanSegment segment in PartitionBuilder.Build(graph, CutUnits.OfGroups(graph).PartOf).Segments)
        {
            foreach ((string op, int count) in Fused(writer.Write(PartitionBuilder.Request(graph, segment, "part"), WeightMode.Copy), level, folder.Path))
                parts[op] = parts.GetValueOrDefault(op) + count;
        }
        string[] lost = [.. whole.Where(w => parts.GetValueOrDefault(w.Key) < w.Value)
            .Select(w => $"{w.Key} {w.Value} -> {parts.GetValueOrDefault(w.Key)}").Order(StringComparer.Ordinal)];
        Assert.True(lost.Length == 0, string.Join(", ", lost));
    }

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

    // What a convolution in blocks and one that is not have in common: the sum and the activation inside.
    private static string? Describe(Node node)
    {
        string activation = node.Attributes.FirstOrDefault(a => a.Name == "activation")?.Strings is [{ Text: { Length: > 0 } text }] ? "+" + text : "";
        // The sum is the fourth input.
        string sum = node.OpType is "Conv" or "FusedConv" && node.Inputs.Length > 3 && node.Inputs[3].Length > 0 ? "+Add" : "";
        return node.OpType switch
        {
            "Conv" or "FusedConv" => sum.Length + activation.Length > 0 ? "Conv" + sum + activation : null,
            "Gemm" or "FusedGemm" => "Gemm" + activation,
            // Where a part's input has named dimensions, ONNX Runtime even adds the skipped value inside the norm.
            "LayerNormalization" or "SkipLayerNormalization" => "LayerNormalization",
            "SimplifiedLayerNormalization" or "Split" => node.OpType,
            _ when node.Domain == "com.microsoft" || node.OpType.StartsWith("QLinear", StringComparison.Ordinal) => node.OpType,
            _ => null,
        };
    }
}
