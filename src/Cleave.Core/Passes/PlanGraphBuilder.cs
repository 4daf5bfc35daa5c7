using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
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
        GraphIndex index = new(model);
        outputs ??= [.. model.Graph.Outputs.Select(o => o.Name)];
        NodeRole[] roles = Roles(index, facts.Order, outputs);
        int[] groupOf = new int[roles.Length];
        List<FusionGroup> groups = [];
        foreach (int node in facts.Order)
        {
            groupOf[node] = roles[node] is NodeRole.Live or NodeRole.PassThrough ? groups.Count : -1;
            if (groupOf[node] >= 0)
                groups.Add(new FusionGroup("Node", [node]));
        }
        int[][] predecessors = Predecessors(index, groups, groupOf);
        return new PlanGraph
        {
            Model = model,
            Facts = facts,
            Index = index,
            Outputs = outputs,
            Roles = roles,
            Groups = groups,
            GroupOf = groupOf,
            Predecessors = predecessors,
            Successors = Reversed(predecessors),
        };
    }

    private static NodeRole[] Roles(GraphIndex index, int[] order, IReadOnlyList<string> outputs)
    {
        NodeRole[] roles = new NodeRole[order.Length];
        bool[] needed = new bool[order.Length];
        foreach (string output in outputs)
            Need(output);
        for (int i = order.Length - 1; i >= 0; i--)
        {
            int node = order[i];
            roles[node] = !needed[node] ? NodeRole.Dead : index.IsConstant(node) ? NodeRole.Constant : NodeRole.Live;
            if (!needed[node])
                continue;
            foreach (string read in index.Reads(node))
                Need(read);
        }
        return roles;

        void Need(string value)
        {
            int producer = index.Producer(value);
            if (producer >= 0)
                needed[producer] = true;
        }
    }

    private static int[][] Predecessors(GraphIndex index, List<FusionGroup> groups, int[] groupOf)
    {
        int[][] predecessors = new int[groups.Count][];
        for (int g = 0; g < predecessors.Length; g++)
        {
            SortedSet<int> found = [];
            foreach (int node in groups[g].Nodes)
            {
                foreach (string read in index.Reads(node))
                {
                    int producer = index.Producer(read);
                    if (producer >= 0 && groupOf[producer] >= 0 && groupOf[producer] != g)
                        found.Add(groupOf[producer]);
                }
            }
            predecessors[g] = [.. found];
        }
        return predecessors;
    }

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
