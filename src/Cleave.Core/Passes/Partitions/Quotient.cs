using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes.Partitions;

/// <summary>A graph whose nodes were put into parts: which part depends on which.</summary>
internal sealed class Quotient
{
    private Quotient(int[] partOf, int[][] successors, int[] predecessorCounts)
    {
        PartOf = partOf;
        Successors = successors;
        PredecessorCounts = predecessorCounts;
    }

    /// <summary>By element: its part, numbered from 0 without gaps; -1 for elements in no part.</summary>
    public int[] PartOf { get; }

    /// <summary>By part: the parts that depend on it, each once, rising.</summary>
    public int[][] Successors { get; }

    /// <summary>By part: on how many others it depends.</summary>
    public int[] PredecessorCounts { get; }

    public int Count => Successors.Length;

    /// <param name="labels">By element: any number, equal for those in one part; negative for those in none. Parts are numbered by their first element.</param>
    /// <param name="edges">From one element to one that depends on it; more than once does no harm.</param>
    [MethodImpl(JustInTime.Optimized)]
    public static Quotient Of(int[] labels, IEnumerable<(int From, int To)> edges)
    {
        Dictionary<int, int> numbers = [];
        int[] partOf = new int[labels.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0)
            {
                partOf[i] = -1;
                continue;
            }
            if (!numbers.TryGetValue(labels[i], out int number))
                numbers.Add(labels[i], number = numbers.Count);
            partOf[i] = number;
        }
        List<int>[] successors = new List<int>[numbers.Count];
        for (int i = 0; i < successors.Length; i++)
            successors[i] = [];
        foreach ((int from, int to) in edges)
        {
            if (partOf[from] != partOf[to])
                successors[partOf[from]].Add(partOf[to]);
        }
        int[][] distinct = Array.ConvertAll(successors, SortedOnce);
        int[] counts = new int[numbers.Count];
        foreach (int[] parts in distinct)
        {
            foreach (int part in parts)
                counts[part]++;
        }
        return new Quotient(partOf, distinct, counts);
    }

    private static int[] SortedOnce(List<int> parts)
    {
        int[] sorted = [.. parts];
        Array.Sort(sorted);
        int count = 0;
        foreach (int part in sorted)
        {
            if (count == 0 || sorted[count - 1] != part)
                sorted[count++] = part;
        }
        Array.Resize(ref sorted, count);
        return sorted;
    }

    /// <summary>Between its own parts.</summary>
    public IEnumerable<(int From, int To)> Edges()
    {
        for (int part = 0; part < Count; part++)
        {
            foreach (int next in Successors[part])
                yield return (part, next);
        }
    }

    /// <summary>The parts, each after those it depends on; null where some depend on each other.</summary>
    /// <param name="choose">Picks one of so many that are ready; the first, where nobody cares.</param>
    [MethodImpl(JustInTime.Optimized)]
    public int[]? Order(Func<int, int>? choose = null)
    {
        int[] waiting = (int[])PredecessorCounts.Clone();
        List<int> ready = [];
        for (int part = Count - 1; part >= 0; part--)
        {
            if (waiting[part] == 0)
                ready.Add(part);
        }
        List<int> order = new(Count);
        while (ready.Count > 0)
        {
            int at = choose?.Invoke(ready.Count) ?? ready.Count - 1;
            int part = ready[at];
            ready.RemoveAt(at);
            order.Add(part);
            for (int i = Successors[part].Length - 1; i >= 0; i--)
            {
                if (--waiting[Successors[part][i]] == 0)
                    ready.Add(Successors[part][i]);
            }
        }
        return order.Count == Count ? [.. order] : null;
    }

    /// <summary>By element: a label for its part, one for all parts that depend on each other. A quotient of these has an order.</summary>
    public int[] WithoutCycles()
    {
        int[] component = Components();
        return Array.ConvertAll(PartOf, p => p < 0 ? -1 : component[p]);
    }

    // Tarjan's strongly connected components, without recursion: graphs are deeper than stacks.
    [MethodImpl(JustInTime.Optimized)]
    private int[] Components()
    {
        int[] component = new int[Count], index = new int[Count], low = new int[Count], next = new int[Count];
        Stack<int> open = [], path = [];
        int visited = 0, found = 0;
        for (int root = 0; root < Count; root++)
        {
            if (index[root] != 0)
                continue;
            Enter(root);
            while (path.Count > 0)
            {
                int part = path.Peek();
                if (next[part] < Successors[part].Length)
                {
                    int successor = Successors[part][next[part]++];
                    if (index[successor] == 0)
                        Enter(successor);
                    else if (component[successor] == 0)
                        low[part] = Math.Min(low[part], index[successor]);
                    continue;
                }
                path.Pop();
                if (low[part] == index[part])
                    Close(part);
                if (path.Count > 0)
                    low[path.Peek()] = Math.Min(low[path.Peek()], low[part]);
            }
        }
        return component;

        void Enter(int part)
        {
            index[part] = low[part] = ++visited;
            path.Push(part);
            open.Push(part);
        }

        void Close(int part)
        {
            found++;
            int last;
            do
            {
                last = open.Pop();
                component[last] = found;
            }
            while (last != part);
        }
    }
}
