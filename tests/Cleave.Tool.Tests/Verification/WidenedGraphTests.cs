using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Onnx.Widening;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>What ONNX Runtime makes of a widened model: weights and their casts are folded, and its fusions are found as in the model of 32 bits.</summary>
public sealed class WidenedGraphTests
{
    [Fact]
    public void Weights_are_folded_and_fusions_are_found()
    {
        using ModelUnderTest half = new(ModelCatalog.Get("bert_tiny_fp16").Write(ModelCatalog.Folder)), full = new(ModelCatalog.Get("bert_tiny").Write(ModelCatalog.Folder));
        SortedDictionary<string, int> widened = Operators(half, HalfFloats.Of(half.Graph.Model)), expected = Operators(full, null), published = Operators(half, null);
        string all = $"widened: {Text(widened)}\n32 bits: {Text(expected)}\npublished: {Text(published)}";
        // Of the mask, and of both outputs.
        Assert.True(widened["Cast"] == expected["Cast"] + half.Graph.Outputs.Count, all);
        Assert.True(published["Cast"] > 4 * widened["Cast"], all);
        foreach (string type in new[] { "LayerNormalization", "Softmax", "FusedGemm", "Transpose", "Reshape" })
            Assert.True(expected[type] == widened[type], type + "\n" + all);
        Assert.True(widened["MatMul"] + widened["FusedMatMul"] == expected["MatMul"] + expected["FusedMatMul"], all);
    }

    private static SortedDictionary<string, int> Operators(ModelUnderTest model, HalfFloats? halves)
    {
        using TemporaryFolder folder = new();
        SessionChain.Of(model, [PartitionBuilder.WholeRequest(model.Graph, "Whole")], new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, 1, folder.Path), halves).Dispose();
        GraphProto graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(folder.Path, "0.onnx"))).Graph;
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (NodeProto node in graph.Node)
            counts[node.OpType] = counts.GetValueOrDefault(node.OpType) + 1;
        return counts;
    }

    private static string Text(SortedDictionary<string, int> counts) => string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"));
}
