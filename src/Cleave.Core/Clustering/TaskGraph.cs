using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>Tasks and who depends on whom. Each task stands after those it depends on.</summary>
internal sealed class TaskGraph
{
    /// <param name="predecessors">By task: those it depends on, each once, all before it.</param>
    /// <exception cref="ArgumentException">A task depends on one that does not stand before it.</exception>
    [MethodImpl(JustInTime.Optimized)]
    public TaskGraph(int[][] predecessors)
    {
        Predecessors = predecessors;
        int[] counts = new int[predecessors.Length];
        for (int task = 0; task < predecessors.Length; task++)
        {
            foreach (int predecessor in predecessors[task])
            {
                if (predecessor < 0 || predecessor >= task)
                    throw new ArgumentException("task " + task + " depends on " + predecessor + ", which does not stand before it", nameof(predecessors));
                counts[predecessor]++;
            }
        }
        Successors = Array.ConvertAll(counts, c => new int[c]);
        for (int task = predecessors.Length - 1; task >= 0; task--)
        {
            foreach (int predecessor in predecessors[task])
                Successors[predecessor][--counts[predecessor]] = task;
        }
    }

    public int Count => Predecessors.Length;

    /// <summary>By task: those it depends on.</summary>
    public int[][] Predecessors { get; }

    /// <summary>By task: those that depend on it, rising.</summary>
    public int[][] Successors { get; }
}
