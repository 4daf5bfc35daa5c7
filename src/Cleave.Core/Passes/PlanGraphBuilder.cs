using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes.Fusion;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>Finds what runs of a model, and what stays together.</summary>
internal static class PlanGraphBuilder
{
    /// <param name="facts">What is known of the model.</param>
    /// <param name="outputs">The values asked for; null is the model's outputs.</param>
    public static PlanGraph Build(GraphFacts facts, IReadOnlyList<string>? outputs = null)
    {
        OnnxModel model = facts.Model;
        GraphIndex index = new(model, facts.Order);
        outputs ??= index.Outputs;
        NodeRole[] roles = NodeRoles.Of(index, facts, outputs);
        FusionView view = new(index, facts, roles, outputs);
        GroupMerger merged = FusionGroups.Find(index, facts, roles, view, outputs);
        int[] groupOf = Number(merged, facts.Order, roles, out List<int> representatives);
        int[][] predecessors = Predecessors(index, representatives, merged, groupOf);
        int[] order = Order(predecessors);
        int[] place = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
            place[order[i]] = i;
        groupOf = Array.ConvertAll(groupOf, g => g < 0 ? -1 : place[g]);
        predecessors = Array.ConvertAll(order, g => Array.ConvertAll(predecessors[g], p => place[p]));
        FusionGroup[] groups = Array.ConvertAll(order, g => Group(merged, representatives[g]));
        // From here on the same merger holds units.
        Companions.Take(view, merged);
        return new PlanGraph
        {
            Model = model,
            Facts = facts,
            Index = index,
            Outputs = outputs,
            Roles = roles,
            Groups = groups,
            GroupOf = groupOf,
            UnitOf = Array.ConvertAll(groups, g => groupOf[merged.GroupOf(g.Nodes[0])]),
            Successors = Reversed(predecessors),
            CloneCandidates = CloneFinder.Find(index, facts, roles, groupOf),
        };
    }

    private static FusionGroup Group(GroupMerger merged, int node)
    {
        int[] nodes = merged.Sorted(node);
        return new FusionGroup(merged.Kind(node) ?? (nodes.Length == 1 ? FusionGroup.Single : FusionGroup.Small), nodes);
    }

    [MethodImpl(JustInTime.Optimized)]
    private static int[] Number(GroupMerger merged, int[] order, NodeRole[] roles, out List<int> representatives)
    {
        int[] groupOf = new int[roles.Length], numberOf = new int[roles.Length];
        for (int i = 0; i < roles.Length; i++)
            groupOf[i] = numberOf[i] = -1;
        representatives = [];
        foreach (int node in order)
        {
            if (roles[node] is NodeRole.Dead or NodeRole.Constant)
                continue;
            int root = merged.GroupOf(node);
            if (numberOf[root] < 0)
            {
                numberOf[root] = representatives.Count;
                representatives.Add(node);
            }
            groupOf[node] = numberOf[root];
        }
        return groupOf;
    }

    // Each group after those it depends on; otherwise by its first node.
    [MethodImpl(JustInTime.Optimized)]
    private static int[] Order(int[][] predecessors)
    {
        int[] order = new int[predecessors.Length], visited = new int[predecessors.Length];
        int next = 0;
        List<int> open = [];
        for (int g = 0; g < order.Length; g++)
        {
            open.Add(g);
            while (open.Count > 0)
            {
                int group = open[open.Count - 1];
                // How many of its predecessors were looked at; all of them and one more: it has its place.
                if (visited[group] < predecessors[group].Length)
                {
                    int predecessor = predecessors[group][visited[group]++];
                    if (visited[predecessor] == 0)
                        open.Add(predecessor);
                    continue;
                }
                open.RemoveAt(open.Count - 1);
                if (visited[group]++ == predecessors[group].Length)
                    order[next++] = group;
            }
        }
        return order;
    }

    [MethodImpl(JustInTime.Optimized)]
    private static int[][] Predecessors(GraphIndex index, List<int> representatives, GroupMerger merged, int[] groupOf)
    {
        int[][] predecessors = new int[representatives.Count][];
        int[] seenBy = Array.ConvertAll(predecessors, _ => -1);
        for (int g = 0; g < predecessors.Length; g++)
        {
            List<int> found = [];
            foreach (int node in merged.Members(representatives[g]))
            {
                foreach (int producer in index.Sources(node))
                {
                    if (producer >= 0 && groupOf[producer] >= 0 && groupOf[producer] != g && seenBy[groupOf[producer]] != g)
                    {
                        seenBy[groupOf[producer]] = g;
                        found.Add(groupOf[producer]);
                    }
                }
            }
            predecessors[g] = [.. found];
        }
        return predecessors;
    }

    [MethodImpl(JustInTime.Optimized)]
    private static int[][] Reversed(int[][] predecessors)
    {
        List<int>[] successors = Array.ConvertAll(predecessors, _ => new List<int>());
        for (int g = 0; g < predecessors.Length; g++)
        {
            foreach (int predecessor in predecessors[g])
                successors[predecessor].Add(g);
        }
        return Array.ConvertAll(successors, s => s.ToArray());
    }
}
