using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Passes.Partitions;

/// <summary>
/// A model cut at random, always the same for a seed: into layers that hold whatever ran at that time, into connected
/// clusters, or into layers of clusters.
/// </summary>
internal static class RandomPartition
{
    /// <summary>More sessions show nothing that fewer do not.</summary>
    public const int MostSegments = 24;

    /// <param name="graph">The model.</param>
    /// <param name="units">What is not cut: of <see cref="CutUnits"/>.</param>
    /// <param name="seed">Equal seeds give equal partitions.</param>
    public static Partition Make(PlanGraph graph, Quotient units, ulong seed)
    {
        SeededRandom random = new(seed);
        int most = Math.Min(MostSegments, units.Count);
        // Few segments as often as many.
        int count = most <= 2 ? most : 2 + (int)(random.Fraction() * random.Fraction() * (most - 1));
        Quotient clusters = units;
        if (random.Below(3) > 0)
            clusters = Contract(units, count * (1 + random.Below(4)), random);
        int[] layers = Layers(clusters, count, random);
        int[] partOf = Array.ConvertAll(units.PartOf, u => u < 0 ? -1 : layers[clusters == units ? u : clusters.PartOf[u]]);
        return PartitionBuilder.Build(graph, partOf);
    }

    // An order in which the parts can run, cut into pieces: what comes first never depends on what comes later.
    private static int[] Layers(Quotient parts, int count, SeededRandom random)
    {
        int lastFirst = random.Below(4);
        int[] order = parts.Order(ready => random.Below(4) < lastFirst ? ready - 1 : random.Below(ready))!;
        List<int> places = [.. Enumerable.Range(1, Math.Max(0, order.Length - 1))];
        random.Shuffle(places);
        HashSet<int> starts = [.. places.Take(count - 1)];
        int[] layerOf = new int[order.Length];
        int layer = 0;
        for (int i = 0; i < order.Length; i++)
        {
            if (starts.Contains(i))
                layer++;
            layerOf[order[i]] = layer;
        }
        return layerOf;
    }

    // Joins neighbours of which one has no other neighbour on that side: so no cycle can come of it.
    private static Quotient Contract(Quotient parts, int count, SeededRandom random)
    {
        int[] cluster = [.. Enumerable.Range(0, parts.Count)];
        Quotient now = parts;
        while (now.Count > count)
        {
            bool[] taken = new bool[now.Count];
            int[] joined = [.. Enumerable.Range(0, now.Count)];
            List<(int From, int To)> edges = [.. now.Edges()];
            random.Shuffle(edges);
            int left = now.Count;
            foreach ((int from, int to) in edges)
            {
                if (left == count || taken[from] || taken[to] || (now.Successors[from].Length > 1 && now.PredecessorCounts[to] > 1))
                    continue;
                taken[from] = taken[to] = true;
                joined[to] = from;
                left--;
            }
            if (left == now.Count)
                break;
            int[] labels = Array.ConvertAll(cluster, c => joined[c]);
            now = Quotient.Of(labels, parts.Edges());
            cluster = now.PartOf;
        }
        return now;
    }
}
