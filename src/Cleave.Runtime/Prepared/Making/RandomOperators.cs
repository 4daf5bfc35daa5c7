using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Prepared.Making;

/// <summary>Finds operators whose results differ from run to run.</summary>
internal static class RandomOperators
{
    private static readonly HashSet<string> Types = new(["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"], StringComparer.Ordinal);

    /// <summary>One of a model, in bodies and functions, too; null where it has none.</summary>
    public static string? Find(OnnxModel model) => Nodes(model.Graph.Nodes).Concat(model.Functions.SelectMany(static f => Nodes(f.Nodes)))
        .FirstOrDefault(static n => n.Domain.Length == 0 && Types.Contains(n.OpType))?.OpType;

    private static IEnumerable<Node> Nodes(IEnumerable<Node> nodes) =>
        nodes.SelectMany(static n => n.Attributes.SelectMany(static a => a.Graphs).SelectMany(static g => Nodes(g.Nodes)).Prepend(n));
}
