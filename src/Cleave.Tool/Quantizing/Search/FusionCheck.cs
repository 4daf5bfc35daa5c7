using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>Looks into the optimised graph for operators that ONNX Runtime did not make one of: there 8 bits cost more than they gain.</summary>
internal static class FusionCheck
{
    // What ONNX Runtime adds to the name of an operator that it changes.
    private const string Fused = "fused ";
    private static readonly string[] Endings = ["_nchwc", "/MatMulAddFusion"];

    // A product of bytes that stands alone, and operators that still read floats.
    private static readonly HashSet<string> Unfused = ["MatMulInteger", "Conv", "FusedConv", "MatMul", "Gemm", "FusedGemm", "FusedMatMul"];

    /// <returns>Those of the chosen that stand alone.</returns>
    public static IReadOnlyList<QuantizableOperator> Find(ModelUnderTest source, ModelProto changed, IReadOnlyCollection<QuantizableOperator> chosen)
    {
        using TemporaryFolder folder = new();
        SessionChain.OfMessage(source, changed, new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, 1, folder.Path)).Dispose();
        OnnxModel optimised = ModelReader.ReadFile(Path.Combine(folder.Path, "0.onnx"));
        HashSet<string> left = new(
            optimised.Graph.Nodes.Where(n => Unfused.Contains(n.OpType)).SelectMany(static n => Names(n.Name)), StringComparer.Ordinal);
        return [.. chosen.Where(c => left.Contains(c.Node))];
    }

    /// <summary>The name of a node in an optimised graph, and those that it may have had before.</summary>
    public static IEnumerable<string> Names(string name)
    {
        yield return name;
        while (Before(name) is { } before)
            yield return name = before;
    }

    private static string? Before(string name) =>
        name.StartsWith(Fused, StringComparison.Ordinal) ? name[Fused.Length..]
        : Endings.FirstOrDefault(e => name.EndsWith(e, StringComparison.Ordinal)) is { } ending ? name[..^ending.Length]
        : null;
}
