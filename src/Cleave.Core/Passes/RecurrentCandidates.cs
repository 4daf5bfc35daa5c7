using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>
/// The recurrent nodes of a model that can run side by side once they are taken apart: layers of a stack on different chunks, or the directions of one node.
/// Only where the number of steps is fixed by the model: chunks are planned, not computed.
/// </summary>
internal static class RecurrentCandidates
{
    private const string Both = "bidirectional";

    /// <summary>How each node would be taken apart; empty where nothing is gained.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="chunks">Into how many chunks.</param>
    public static IReadOnlyList<RecurrentSplit> Of(PlanGraph graph, int chunks)
    {
        List<RecurrentSplit> splits = All(graph, chunks);
        int bidirectional = splits.Count(s => Direction(graph, s) == Both);
        return bidirectional > 0 || splits.Count > 1 ? splits : [];
    }

    /// <summary>
    /// The layers of a stack: only nodes that go one way, the one that most of them go, each with a state that is a value (<see cref="RecurrentSplit.StateOf"/>), so that one session
    /// can run all chunks of a layer; empty where there are fewer than two.
    /// </summary>
    /// <param name="graph">The model.</param>
    /// <param name="chunks">Into how many chunks.</param>
    public static IReadOnlyList<RecurrentSplit> Stack(PlanGraph graph, int chunks)
    {
        ILookup<string, RecurrentSplit> byDirection = All(graph, chunks).ToLookup(s => Direction(graph, s), StringComparer.Ordinal);
        RecurrentSplit[] forward = [.. byDirection["forward"]], reverse = [.. byDirection["reverse"]];
        RecurrentSplit[] layers = forward.Length >= reverse.Length ? forward : reverse;
        return layers.Length < 2 ? [] : [.. layers.Select(s => s with { StateOf = StateOf(graph, s, layers) })];
    }

    // In the order in which nodes can run.
    private static List<RecurrentSplit> All(PlanGraph graph, int chunks)
    {
        List<RecurrentSplit> splits = [];
        if (!HasSlice(graph))
            return splits;
        foreach (int i in graph.Facts.Order)
        {
            Node node = graph.Nodes[i];
            if (graph.Roles[i] == NodeRole.Live && RecurrentNode.CanBeSplit(node) && !graph.Index.IsFunction(node) && Steps(graph, node) is { } steps && steps >= 2 * chunks)
                splits.Add(new RecurrentSplit(i, steps, chunks));
        }
        return splits;
    }

    private static string Direction(PlanGraph graph, RecurrentSplit split) => RecurrentNode.Direction(graph.Nodes[split.Node]);

    // The first layer with as many samples: it runs before, and what it reads is no chunk of another layer.
    private static int StateOf(PlanGraph graph, RecurrentSplit split, RecurrentSplit[] layers)
    {
        if (Samples(graph, split) is not { IsKnown: true } samples || !StatesHave(graph, graph.Nodes[split.Node], samples))
            return RecurrentSplit.None;
        RecurrentSplit? first = Array.Find(layers, l => samples.Equals(Samples(graph, l)));
        return first?.Node ?? RecurrentSplit.None;
    }

    // Null where the steps are no floats of 32 bits: the state that is made is one.
    private static Dim? Samples(PlanGraph graph, RecurrentSplit split)
    {
        string x = graph.Nodes[split.Node].Inputs[RecurrentNode.X];
        return graph.Facts.Of(x).Element == ElementType.Float && graph.Inferred.Of(x).Shape is [_, var samples, _] ? samples : null;
    }

    // A constant is spread over the samples when it is made a value: of one sample it would fit any number of them, which the node refuses.
    private static bool StatesHave(PlanGraph graph, Node node, Dim samples)
    {
        foreach (int input in new[] { RecurrentNode.InitialH, RecurrentNode.InitialC })
        {
            string state = RecurrentNode.Input(node, input);
            if (state.Length > 0 && IsConstant(graph, state) && !(graph.Inferred.Of(state).Shape is [_, var own, _] && own.Equals(samples)))
                return false;
        }
        return true;
    }

    private static bool IsConstant(PlanGraph graph, string value) =>
        graph.Index.IsInitializer(value) || (graph.Index.Producer(value) is >= 0 and var producer && graph.Index.IsConstant(producer));

    // As found, not as stated: of more steps than the file says of an inner value, those behind the last chunk would be left out.
    private static int? Steps(PlanGraph graph, Node node) =>
        graph.Inferred.ShapeAt(node.Inputs[RecurrentNode.X], static _ => null) is { Length: 3 } shape && shape[0] is > 0 and < int.MaxValue ? (int)shape[0] : null;

    // Where to cut is an input of Slice since operator set 10.
    private static bool HasSlice(PlanGraph graph) => graph.Model.Opsets.Any(o => o.Domain.Length == 0 && o.Version >= 10);
}
