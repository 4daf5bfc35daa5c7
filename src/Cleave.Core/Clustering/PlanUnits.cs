using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;

namespace Cleave.Core.Clustering;

/// <summary>A model as tasks: fusion groups, and those together between which nothing can be cut.</summary>
internal sealed class PlanUnits
{
    [MethodImpl(JustInTime.Optimized)]
    private PlanUnits(PlanGraph graph, Quotient quotient)
    {
        Graph = graph;
        Names = new SegmentNames(graph);
        int[] order = quotient.Order() ?? throw new InvalidOperationException("units depend on each other");
        int[] place = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
            place[order[i]] = i;
        UnitOf = Array.ConvertAll(quotient.PartOf, p => p < 0 ? -1 : place[p]);
        List<int>[] groups = Array.ConvertAll(order, _ => new List<int>()), predecessors = Array.ConvertAll(order, _ => new List<int>());
        for (int group = 0; group < graph.Groups.Count; group++)
            groups[UnitOf[graph.Groups[group].Nodes[0]]].Add(group);
        for (int part = 0; part < order.Length; part++)
        {
            foreach (int successor in quotient.Successors[part])
                predecessors[place[successor]].Add(place[part]);
        }
        Groups = Array.ConvertAll(groups, g => g.ToArray());
        Tasks = new TaskGraph(Array.ConvertAll(predecessors, p => p.ToArray()));
    }

    public static PlanUnits Of(PlanGraph graph) => new(graph, CutUnits.OfGroups(graph));

    public PlanGraph Graph { get; }

    public SegmentNames Names { get; }

    public TaskGraph Tasks { get; }

    /// <summary>By unit: positions of its groups, each after those it depends on.</summary>
    public int[][] Groups { get; }

    /// <summary>By position of the node: its unit; -1 for nodes that do not run.</summary>
    public int[] UnitOf { get; }

    /// <summary>By unit, from times by group.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public double[] Sums(double[] byGroup)
    {
        double[] sums = new double[Groups.Length];
        for (int unit = 0; unit < sums.Length; unit++)
        {
            foreach (int group in Groups[unit])
                sums[unit] += byGroup[group];
        }
        return sums;
    }

    /// <summary>By unit: whether it may be made in several segments.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public bool[] MayBeCloned()
    {
        bool[] cheap = new bool[Graph.Nodes.Count];
        foreach (CloneCandidate candidate in Graph.CloneCandidates)
        {
            foreach (int node in candidate.Nodes)
                cheap[node] = true;
        }
        bool[] cloned = new bool[Groups.Length];
        for (int unit = 0; unit < cloned.Length; unit++)
            cloned[unit] = Array.TrueForAll(Groups[unit], g => Array.TrueForAll(Graph.Groups[g].Nodes, n => cheap[n]));
        return cloned;
    }
}
