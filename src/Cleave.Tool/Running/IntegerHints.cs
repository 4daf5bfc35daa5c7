using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;

namespace Cleave.Tool.Running;

/// <summary>Which whole numbers an input may hold, as far as the nodes that read it say: an index lies in its table, a mode is one that is asked for.</summary>
internal static class IntegerHints
{
    // Through so many nodes that change nothing.
    private const int LongestWay = 6;

    /// <summary>Numbers to choose from; none for an input of which nothing is said.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="input">The input.</param>
    /// <param name="isMode">Whether a number that it is compared with is one of a few: not where it has the numbers of an image.</param>
    public static IReadOnlyList<long> For(PlanGraph graph, string input, bool isMode)
    {
        long bound = long.MaxValue;
        List<long> modes = [];
        Follow(input, 0);
        if (isMode && modes.Count > 0)
            return modes;
        return bound == long.MaxValue ? [] : [.. Enumerable.Range(0, (int)Math.Clamp(bound, 1, 65536)).Select(i => (long)i)];

        void Follow(string value, int way)
        {
            if (way > LongestWay)
                return;
            // Another domain's operators may have the same names.
            foreach (Node node in graph.Nodes.Where(n => n.Domain.Length == 0 && Array.IndexOf(n.Inputs, value) >= 0))
            {
                if (node.OpType is "Cast" or "Identity" or "Unsqueeze" or "Squeeze" or "Reshape" or "Transpose" or "Flatten" && node.Inputs[0] == value)
                    Follow(node.Outputs[0], way + 1);
                else if (node.OpType is "Gather" && node.Inputs.Length == 2 && node.Inputs[1] == value)
                    bound = Math.Min(bound, TableSize(graph, node) ?? bound);
                else if (node.OpType is "Equal" && node.Inputs.FirstOrDefault(i => i != value) is { } other && Constant(graph, other) is { } mode)
                    modes.Add(mode);
            }
        }
    }

    private static long? TableSize(PlanGraph graph, Node gather)
    {
        if (graph.Facts.Of(gather.Inputs[0]).Shape is not { Length: > 0 } shape)
            return null;
        long axis = gather.Attributes.FirstOrDefault(a => a.Name == "axis")?.Ints.FirstOrDefault() ?? 0;
        axis = axis < 0 ? axis + shape.Length : axis;
        return axis >= 0 && axis < shape.Length ? shape[axis].Value : null;
    }

    private static long? Constant(PlanGraph graph, string value) => graph.Facts.Of(value) is { Content: { Length: 1 } content } ? content[0].Value : null;
}
