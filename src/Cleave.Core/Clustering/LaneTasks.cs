using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>What is to be put on lanes, and what that costs. Times in nanoseconds.</summary>
/// <param name="graph">Tasks that stay whole.</param>
/// <param name="times">By a number of threads: each task's time in one session with others.</param>
/// <param name="call">By a number of threads: what a segment costs beside its tasks.</param>
/// <param name="handOff">Until another lane has a value.</param>
internal sealed class LaneTasks(TaskGraph graph, Func<int, double[]> times, Func<int, double> call, double handOff)
{
    private readonly Dictionary<int, double[]> _times = [];

    public TaskGraph Graph => graph;

    /// <summary>What a segment with so many threads costs beside its tasks.</summary>
    public double Call(int threads) => call(threads);

    public double HandOff => handOff;

    /// <summary>By task: whether each segment that reads it makes it itself. Such a task depends on none or on others of its kind.</summary>
    public bool[] IsCloned { get; init; } = new bool[graph.Count];

    /// <summary>By task: its time with so many threads.</summary>
    public double[] Times(int threads)
    {
        if (!_times.TryGetValue(threads, out double[]? found))
            _times.Add(threads, found = times(threads));
        return found;
    }

    /// <summary>
    /// Which tasks segments had better make for themselves: those that may be made again, whose predecessors all are such, and which cost less
    /// than a hand-over and the segment that it begins, with everything they need.
    /// </summary>
    /// <param name="mayBe">By task: whether it may.</param>
    [MethodImpl(JustInTime.Optimized)]
    public LaneTasks WithClones(bool[] mayBe)
    {
        bool[] cloned = new bool[graph.Count];
        double[] single = Times(1), needed = new double[graph.Count];
        for (int task = 0; task < cloned.Length; task++)
        {
            needed[task] = single[task];
            cloned[task] = mayBe[task] && graph.Successors[task].Length > 0;
            foreach (int predecessor in graph.Predecessors[task])
            {
                needed[task] += needed[predecessor];
                cloned[task] &= cloned[predecessor];
            }
            cloned[task] &= needed[task] < call(1) + handOff;
        }
        return new LaneTasks(graph, Times, call, handOff) { IsCloned = cloned };
    }
}
