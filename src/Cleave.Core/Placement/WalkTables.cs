using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>A problem in flat tables, by unit and then by processor: what walks look up for every unit. Immutable.</summary>
internal sealed class WalkTables
{
    public WalkTables(PlacementProblem problem)
    {
        Units = problem.Units.Count;
        Processors = problem.Processors.Count;
        Times = new double[Units * Processors];
        Input = new double[Times.Length];
        Output = new double[Times.Length];
        for (int unit = 0; unit < Units; unit++)
        {
            for (int processor = 0; processor < Processors; processor++)
            {
                int at = (unit * Processors) + processor;
                Times[at] = problem.Units[unit].Times[processor];
                Input[at] = problem.Input[processor][unit];
                Output[at] = problem.Output[processor][unit];
            }
        }
        FirstEdge = problem.FirstEdge;
        Delays = problem.Delays;
        Predecessors = new int[FirstEdge[Units]];
        for (int unit = 0; unit < Units; unit++)
            problem.Graph.Predecessors[unit].CopyTo(Predecessors, FirstEdge[unit]);
    }

    public int Units { get; }

    public int Processors { get; }

    public double[] Times { get; }

    public double[] Input { get; }

    public double[] Output { get; }

    /// <summary>By unit: its first edge; one more than there are units.</summary>
    public int[] FirstEdge { get; }

    /// <summary>By edge.</summary>
    public int[] Predecessors { get; }

    /// <summary>By edge, then by the predecessor's processor, then by the unit's.</summary>
    public double[] Delays { get; }

    /// <summary>Nanoseconds from the beginning until a unit has what it reads.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="processor">Where it is to run.</param>
    /// <param name="place">By unit: its processor.</param>
    /// <param name="finish">By unit: when it is done.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Ready(int unit, int processor, int[] place, double[] finish)
    {
        double ready = Input[(unit * Processors) + processor];
        int end = FirstEdge[unit + 1];
        for (int edge = FirstEdge[unit]; edge < end; edge++)
        {
            int from = Predecessors[edge];
            double there = finish[from] + Delays[(((edge * Processors) + place[from]) * Processors) + processor];
            if (there > ready)
                ready = there;
        }
        return ready;
    }

    /// <summary>Items by their keys; those of equal keys by their own numbers.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static void StableSort(double[] keys, int[] items)
    {
        Array.Sort(keys, items);
        for (int i = 0; i < keys.Length;)
        {
            int end = i + 1;
            while (end < keys.Length && keys[end] == keys[i])
                end++;
            if (end - i > 1)
                Array.Sort(items, i, end - i);
            i = end;
        }
    }
}
