using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Cost;

/// <summary>Predicts what a planned graph, or segments of it one after the other, take at given dimensions.</summary>
/// <param name="graph">The graph at dimensions.</param>
/// <param name="model">The device.</param>
internal sealed class GraphCost(SizedGraph graph, CostModel model)
{
    // Each call goes through all of it, whatever sessions it is cut into.
    private readonly Company _company = new(graph.Graph.Groups.Count, graph.HeldWeightBytes);
    private readonly Dictionary<Work, WorkTime> _times = [];
    private WorkTime[][]? _groups;

    /// <summary>Bytes of the graph's weights.</summary>
    public double WeightBytes => graph.WeightBytes;

    /// <summary>Nanoseconds of a call of the whole graph in one session.</summary>
    public double Whole(int threads) => Segment(All(), graph.Graph.Outputs, threads);

    /// <summary>The same for several numbers of threads: what is to be done is looked at once.</summary>
    public double[] Whole(int[] threads)
    {
        double[] sums = Array.ConvertAll(threads, model.Table.Call);
        foreach (IReadOnlyList<Work> works in SegmentWork.Of(graph, model.Table.Block, All(), graph.Graph.Outputs))
        {
            foreach (Work work in works)
            {
                WorkTime time = Time(work);
                for (int i = 0; i < sums.Length; i++)
                    sums[i] += time.At(threads[i]);
            }
        }
        return sums;
    }

    /// <summary>
    /// Nanoseconds of a call of some groups in a session of their own: the call, each group, and reordering at the borders.
    /// What fusions a cut inside a group loses is not in it: groups are whole.
    /// </summary>
    public double Segment(IReadOnlyList<int> groups, IEnumerable<string> writes, int threads)
    {
        double sum = model.Table.Call(threads);
        foreach (IReadOnlyList<Work> works in SegmentWork.Of(graph, model.Table.Block, groups, writes))
            sum += Predict(works, threads);
        return sum;
    }

    /// <summary>Nanoseconds by group, in one session.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public double[] ByGroup(int threads)
    {
        // What is to be done is the same with any number of threads.
        WorkTime[][] groups = _groups ??= Groups();
        double[] times = new double[groups.Length];
        for (int i = 0; i < times.Length; i++)
        {
            foreach (WorkTime work in groups[i])
                times[i] += work.At(threads);
        }
        return times;
    }

    /// <summary>What a group does: its kernels and the bytes it moves, in the plain layout.</summary>
    public GroupWork Work(int group)
    {
        GroupShape shape = graph.Group(group);
        IEnumerable<string> weights = shape.Nodes.SelectMany(n => n.Inputs).Where(v => v.Length > 0 && graph.IsConstant(v)).Distinct(StringComparer.Ordinal);
        return new GroupWork(
            SegmentWork.Of(graph, 1, [group], [])[0],
            shape.Reads.Concat(weights).Sum(graph.Bytes),
            shape.Writes.Where(v => graph.Graph.Successors[group].Length == 0 || shape.Nodes.All(n => Array.IndexOf(n.Inputs, v) < 0)).Sum(graph.Bytes));
    }

    private WorkTime[][] Groups() => Array.ConvertAll(SegmentWork.Of(graph, model.Table.Block, All(), graph.Graph.Outputs), Times);

    private int[] All()
    {
        int[] all = new int[graph.Graph.Groups.Count];
        for (int i = 0; i < all.Length; i++)
            all[i] = i;
        return all;
    }

    private WorkTime[] Times(IReadOnlyList<Work> works)
    {
        WorkTime[] times = new WorkTime[works.Count];
        for (int i = 0; i < times.Length; i++)
            times[i] = Time(works[i]);
        return times;
    }

    private double Predict(IReadOnlyList<Work> works, int threads)
    {
        double sum = 0;
        foreach (Work work in works)
            sum += Time(work).At(threads);
        return sum;
    }

    // A group's work is the same in every segment and on every number of threads.
    private WorkTime Time(Work work)
    {
        if (!_times.TryGetValue(work, out WorkTime? time))
            _times.Add(work, time = model.Time(work, _company));
        return time;
    }
}
