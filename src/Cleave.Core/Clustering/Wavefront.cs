using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Onnx.Recurrent;

namespace Cleave.Core.Clustering;

/// <summary>
/// Puts a stack of recurrent layers in time chunks on lanes: each lane has layers that follow each other, and takes one chunk after the other through them, so that a lane's layers work on chunk k
/// while those before them work on chunk k+1. A lane's segments of different chunks do the same, so one session runs all of them, and a lane touches the weights of its own
/// layers only. What the chunks are cut from runs before them on the first lane, what needs all of them after them on the last.
/// </summary>
internal sealed class Wavefront
{
    private const int None = -1;

    private readonly PlanUnits _units;
    private readonly int[] _chunkOf;
    private readonly int[] _layerOf;

    private Wavefront(PlanUnits units, int[] chunkOf, int[] layerOf)
    {
        _units = units;
        _chunkOf = chunkOf;
        _layerOf = layerOf;
        Layers = layerOf.Max() + 1;
        Chunks = chunkOf.Max() + 1;
    }

    /// <summary>Nodes of the model that are done chunk by chunk: no more lanes than that.</summary>
    public int Layers { get; }

    private int Chunks { get; }

    /// <summary>Null where the chunks cannot be taken through lanes one after the other: something between two layers needs all of them.</summary>
    /// <param name="units">The rewritten model.</param>
    /// <param name="origins">Of what its nodes were made.</param>
    /// <param name="isReverse">Whether the last chunk is the first.</param>
    public static Wavefront? Find(PlanUnits units, IReadOnlyList<NodeOrigin> origins, bool isReverse)
    {
        int count = units.Tasks.Count, chunks = origins.Max(o => o.Chunk) + 1;
        int[] chunkOf = new int[count], sources = new int[count];
        for (int unit = 0; unit < count; unit++)
        {
            int[] nodes = [.. units.Groups[unit].SelectMany(g => units.Graph.Groups[g].Nodes)];
            int[] of = [.. nodes.Select(n => origins[n].Chunk).Distinct()];
            if (of.Length > 1)
                return null;
            chunkOf[unit] = of[0] < 0 ? None : isReverse ? chunks - 1 - of[0] : of[0];
            sources[unit] = nodes.Min(n => origins[n].Source);
        }
        if (Array.TrueForAll(chunkOf, c => c < 0) || NeedsAll(units.Tasks, chunkOf))
            return null;
        // Units stand in an order of dependence, so those of the first chunk say that of the layers.
        int[] order = [.. Enumerable.Range(0, count).Where(u => chunkOf[u] >= 0).OrderBy(u => chunkOf[u]).ThenBy(u => u).Select(u => sources[u]).Distinct()];
        int[] layerOf = [.. sources.Select((s, u) => chunkOf[u] < 0 ? None : Array.IndexOf(order, s))];
        return IsInOrder(units.Tasks, chunkOf, layerOf) ? new Wavefront(units, chunkOf, layerOf) : null;
    }

    /// <summary>The lanes' segments, each after those it reads from.</summary>
    /// <param name="times">By unit: nanoseconds with one thread.</param>
    /// <param name="lanes">How many; at most <see cref="Layers"/>.</param>
    public IReadOnlyList<LaneSegment> Segments(double[] times, int lanes)
    {
        int[] laneOf = Balanced(times, lanes);
        List<int> before = [], after = [];
        List<int>[,] chunks = new List<int>[Chunks, lanes];
        bool[] isAfter = new bool[times.Length];
        for (int unit = 0; unit < times.Length; unit++)
        {
            isAfter[unit] = _chunkOf[unit] < 0 && Array.Exists(_units.Tasks.Predecessors[unit], p => _chunkOf[p] >= 0 || isAfter[p]);
            List<int> segment = _chunkOf[unit] >= 0 ? chunks[_chunkOf[unit], laneOf[_layerOf[unit]]] ??= [] : isAfter[unit] ? after : before;
            segment.Add(unit);
        }
        List<LaneSegment> segments = [];
        Add(0, before);
        for (int chunk = 0; chunk < Chunks; chunk++)
        {
            for (int lane = 0; lane < lanes; lane++)
                Add(lane, chunks[chunk, lane] ?? []);
        }
        Add(lanes - 1, after);
        return segments;

        void Add(int lane, List<int> units)
        {
            if (units.Count > 0)
                segments.Add(new LaneSegment(lane, units));
        }
    }

    // Whether what is done chunk by chunk depends on something that depends on chunks and is for all of them.
    private static bool NeedsAll(TaskGraph tasks, int[] chunkOf)
    {
        bool[] after = new bool[tasks.Count];
        for (int unit = 0; unit < after.Length; unit++)
        {
            if (chunkOf[unit] >= 0 && Array.Exists(tasks.Predecessors[unit], p => after[p]))
                return true;
            after[unit] = chunkOf[unit] < 0 && Array.Exists(tasks.Predecessors[unit], p => chunkOf[p] >= 0 || after[p]);
        }
        return false;
    }

    // Each unit of a chunk depends on earlier chunks and on the same one, of its own layer and those before it.
    private static bool IsInOrder(TaskGraph tasks, int[] chunkOf, int[] layerOf)
    {
        for (int unit = 0; unit < chunkOf.Length; unit++)
        {
            foreach (int predecessor in tasks.Predecessors[unit])
            {
                if (chunkOf[unit] >= 0 && chunkOf[predecessor] >= 0 && (chunkOf[predecessor] > chunkOf[unit] || layerOf[predecessor] > layerOf[unit]))
                    return false;
            }
        }
        return true;
    }

    // By layer: its lane. The one that has most to do has as little as possible.
    private int[] Balanced(double[] times, int lanes)
    {
        double[] layers = new double[Layers];
        for (int unit = 0; unit < times.Length; unit++)
        {
            if (_layerOf[unit] >= 0)
                layers[_layerOf[unit]] += times[unit];
        }
        // By lanes, then by layers: the least that the lane with most has.
        double[][] most = [.. Enumerable.Range(0, lanes).Select(_ => new double[Layers + 1])];
        int[][] from = [.. Enumerable.Range(0, lanes).Select(_ => new int[Layers + 1])];
        for (int lane = 0; lane < lanes; lane++)
        {
            for (int end = lane + 1; end <= Layers; end++)
            {
                most[lane][end] = double.PositiveInfinity;
                double own = 0;
                for (int start = end - 1; start >= (lane == 0 ? 0 : lane); start--)
                {
                    own += layers[start];
                    if (lane == 0 && start > 0)
                        continue;
                    double worst = lane == 0 ? own : Math.Max(own, most[lane - 1][start]);
                    if (worst < most[lane][end])
                        (most[lane][end], from[lane][end]) = (worst, start);
                }
            }
        }
        int[] laneOf = new int[Layers];
        for (int lane = lanes - 1, end = Layers; lane >= 0; end = from[lane--][end])
        {
            for (int layer = from[lane][end]; layer < end; layer++)
                laneOf[layer] = lane;
        }
        return laneOf;
    }
}
