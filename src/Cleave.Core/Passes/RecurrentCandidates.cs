using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;

namespace Cleave.Core.Passes;

/// <summary>
/// The recurrent nodes of a model that can run side by side once they are taken apart: layers of a stack on different chunks, or the directions of one node.
/// Only where the number of steps is fixed by the model: chunks are planned, not computed.
/// </summary>
internal static class RecurrentCandidates
{
    /// <summary>How each node would be taken apart; empty where nothing is gained.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="chunks">Into how many chunks.</param>
    public static IReadOnlyList<RecurrentSplit> Of(PlanGraph graph, int chunks)
    {
        List<RecurrentSplit> splits = [];
        if (!HasSlice(graph))
            return splits;
        int forward = 0, bidirectional = 0;
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            Node node = graph.Nodes[i];
            if (graph.Roles[i] != NodeRole.Live || !RecurrentNode.CanBeSplit(node) || Steps(graph, node) is not { } steps || steps < 2 * chunks)
                continue;
            bool isBoth = RecurrentNode.Direction(node) == "bidirectional";
            splits.Add(new RecurrentSplit(i, steps, chunks));
            forward += isBoth ? 0 : 1;
            bidirectional += isBoth ? 1 : 0;
        }
        return forward > 1 || bidirectional > 0 ? splits : [];
    }

    private static int? Steps(PlanGraph graph, Node node) =>
        graph.Facts.ShapeAt(node.Inputs[RecurrentNode.X], static _ => null) is { Length: 3 } shape && shape[0] is > 0 and < int.MaxValue ? (int)shape[0] : null;

    // Where to cut is an input of Slice since operator set 10.
    private static bool HasSlice(PlanGraph graph) => graph.Model.Opsets.Any(o => o.Domain.Length == 0 && o.Version >= 10);
}
