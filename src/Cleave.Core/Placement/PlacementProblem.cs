using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;

namespace Cleave.Core.Placement;

/// <summary>
/// Units, processors and what lies between them: everything that decides which processor runs what. A processor runs one unit at a time; a value is there for a
/// processor of another memory once it was copied, and copies take their time beside all runs. Immutable.
/// </summary>
internal sealed class PlacementProblem
{
    /// <param name="processors">The first is the lane of the CPU that the caller runs; at least one.</param>
    /// <param name="units">Each after those whose values it reads.</param>
    /// <param name="values">What they hand on.</param>
    /// <param name="weightBytes">By weight: its size on an accelerator, once however many units there read it. A recurrent unit has one more, of its own (<see cref="CudnnWeights"/>).</param>
    /// <param name="transfers">What it takes until another processor has a value.</param>
    /// <exception cref="ArgumentException">A value is read before it is made, or no processor can run a unit.</exception>
    public PlacementProblem(
        IReadOnlyList<Processor> processors, IReadOnlyList<PlacementUnit> units, IReadOnlyList<PlacementValue> values, double[] weightBytes, TransferCost transfers)
    {
        if (processors.Count == 0 || !processors[0].IsHost)
            throw new ArgumentException("the first processor is a lane of the CPU", nameof(processors));
        Processors = processors;
        _processors = processors.Count;
        Units = units;
        Values = values;
        WeightBytes = weightBytes;
        Transfers = transfers;
        for (int unit = 0; unit < units.Count; unit++)
        {
            if (Array.TrueForAll(units[unit].Times, double.IsPositiveInfinity))
                throw new ArgumentException("no processor can run the unit " + unit, nameof(units));
        }
        Graph = new TaskGraph(Predecessors(units.Count, values));
        FirstEdge = FirstEdges(Graph);
        Delays = EdgeDelays();
        (Input, Output) = Ends();
    }

    private readonly int _processors;

    public IReadOnlyList<Processor> Processors { get; }

    public IReadOnlyList<PlacementUnit> Units { get; }

    public IReadOnlyList<PlacementValue> Values { get; }

    public double[] WeightBytes { get; }

    public TransferCost Transfers { get; }

    public TaskGraph Graph { get; }

    /// <summary>By processor, then by unit: nanoseconds until what the caller gives is there.</summary>
    public double[][] Input { get; }

    /// <summary>By processor, then by unit: nanoseconds until the caller has what it gets of the unit.</summary>
    public double[][] Output { get; }

    /// <summary>By unit: the number of its first edge; edges are numbered by unit, and then by predecessor. One more than there are units.</summary>
    public int[] FirstEdge { get; }

    /// <summary>By edge, then by the predecessor's processor, then by the unit's: nanoseconds from the end of the predecessor until the unit has what it reads of it. A search asks millions of times.</summary>
    public double[] Delays { get; }

    /// <summary>Nanoseconds from the end of a predecessor until a unit has what it reads of it.</summary>
    /// <param name="unit">The unit.</param>
    /// <param name="predecessor">Which of its predecessors, by position.</param>
    /// <param name="from">The predecessor's processor.</param>
    /// <param name="to">The unit's processor.</param>
    public double Delay(int unit, int predecessor, int from, int to) => Delays[((((FirstEdge[unit] + predecessor) * _processors) + from) * _processors) + to];

    public bool CanRun(int unit, int processor) => !double.IsPositiveInfinity(Units[unit].Times[processor]);

    private static int[][] Predecessors(int units, IReadOnlyList<PlacementValue> values)
    {
        SortedSet<int>[] sets = [.. Enumerable.Range(0, units).Select(_ => new SortedSet<int>())];
        foreach (PlacementValue value in values)
        {
            foreach (int reader in value.Readers)
            {
                if (value.Producer >= 0)
                    sets[reader].Add(value.Producer);
            }
        }
        return Array.ConvertAll(sets, s => s.ToArray());
    }

    private static int[] FirstEdges(TaskGraph graph)
    {
        int[] first = new int[graph.Count + 1];
        for (int unit = 0; unit < graph.Count; unit++)
            first[unit + 1] = first[unit] + graph.Predecessors[unit].Length;
        return first;
    }

    private double[] EdgeDelays()
    {
        int edges = FirstEdge[FirstEdge.Length - 1];
        int[] counts = new int[edges];
        double[] bytes = new double[edges];
        foreach (PlacementValue value in Values)
        {
            if (value.Producer < 0)
                continue;
            foreach (int reader in value.Readers)
            {
                int edge = FirstEdge[reader] + Array.BinarySearch(Graph.Predecessors[reader], value.Producer);
                counts[edge]++;
                bytes[edge] += value.Bytes;
            }
        }
        double[] delays = new double[edges * _processors * _processors];
        for (int i = 0; i < delays.Length; i++)
        {
            int to = i % _processors, from = i / _processors % _processors, edge = i / _processors / _processors;
            delays[i] = from == to ? 0 : Transfers.Between(Processors[from], Processors[to], counts[edge], bytes[edge]);
        }
        return delays;
    }

    private (double[][] Input, double[][] Output) Ends()
    {
        int[] given = new int[Units.Count], taken = new int[Units.Count];
        double[] givenBytes = new double[Units.Count], takenBytes = new double[Units.Count];
        foreach (PlacementValue value in Values)
        {
            foreach (int reader in value.Readers)
            {
                given[reader] += value.Producer < 0 ? 1 : 0;
                givenBytes[reader] += value.Producer < 0 ? value.Bytes : 0;
            }
            if (value is { IsOutput: true, Producer: >= 0 })
            {
                taken[value.Producer]++;
                takenBytes[value.Producer] += value.Bytes;
            }
        }
        Processor host = Processors[0];
        // The caller's lane begins with all lanes, so what it gives is there at once for each of them.
        double[][] input = [.. Processors.Select(p => given.Select((n, u) => n == 0 || p.IsHost ? 0 : Transfers.Between(host, p, n, givenBytes[u])).ToArray())];
        double[][] output = [.. Processors.Select(p => taken.Select((n, u) => n == 0 ? 0 : Transfers.Between(p, host, n, takenBytes[u])).ToArray())];
        return (input, output);
    }
}
