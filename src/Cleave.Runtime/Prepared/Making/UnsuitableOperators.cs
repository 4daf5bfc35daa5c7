using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Sessions;

namespace Cleave.Prepared.Making;

/// <summary>Finds operators with which a model is not prepared: those whose results differ from run to run, and those that are not ONNX Runtime's.</summary>
internal static class UnsuitableOperators
{
    private static readonly HashSet<string> RandomTypes = new(["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"], StringComparer.Ordinal);

    // Those of its kernels for processors.
    private static readonly HashSet<string> Domains = new(["", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"], StringComparer.Ordinal);

    private const string Processors = "CPUExecutionProvider";

    /// <summary>One that draws random numbers, in bodies and functions, too; null where there is none.</summary>
    public static string? Random(OnnxModel model) => Nodes(model.Graph.Nodes).Concat(model.Functions.SelectMany(static f => Nodes(f.Nodes)))
        .FirstOrDefault(static n => n.Domain.Length == 0 && RandomTypes.Contains(n.OpType))?.OpType;

    /// <summary>One of a library or of another device, in an optimised graph; null where there is none.</summary>
    public static string? Foreign(OnnxModel optimised) => Nodes(optimised.Graph.Nodes).FirstOrDefault(static n => !Domains.Contains(n.Domain)) is { } node
        ? node.OpType + " of " + node.Domain
        : null;

    /// <summary>Another execution provider than that for processors which runs nodes of a session; null where there is none.</summary>
    public static string? Elsewhere(IEnumerable<NodeAssignment> nodes) => nodes.FirstOrDefault(static n => n.Provider != Processors)?.Provider;

    private static IEnumerable<Node> Nodes(IEnumerable<Node> nodes) =>
        nodes.SelectMany(static n => n.Attributes.SelectMany(static a => a.Graphs).SelectMany(static g => Nodes(g.Nodes)).Prepend(n));
}
