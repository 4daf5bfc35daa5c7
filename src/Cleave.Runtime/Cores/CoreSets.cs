using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Cores;

/// <summary>Which processors the lanes of a plan get.</summary>
internal static class CoreSets
{
    /// <summary>
    /// The processors of each lane, one for each of its threads: of one domain where one has as many cores, or else of one node, or else of one with as
    /// many threads of cores; and each lane's of one domain where that can be. Where there are fewer processors than threads, they are shared in turn.
    /// </summary>
    /// <param name="topology">At least one processor.</param>
    /// <param name="threadsOfLanes">Threads of each lane.</param>
    public static int[][] For(Topology topology, int[] threadsOfLanes)
    {
        Processor[] all = topology.Processors;
        int needed = threadsOfLanes.Sum();
        if (needed > all.Length)
            return InTurn(all, threadsOfLanes);
        List<Processor> free = [.. Place(all, needed)];
        return Array.ConvertAll(threadsOfLanes, threads => Take(free, threads));
    }

    // The smallest place that is large enough.
    private static Processor[] Place(Processor[] all, int needed)
    {
        Processor[] cores = Array.FindAll(all, static p => p.Sibling == 0);
        return Best(cores, needed, static p => p.Domain)
            ?? Best(cores, needed, static p => p.Node)
            ?? Best(all, needed, static p => p.Domain)
            ?? Best(all, needed, static p => p.Node)
            ?? all;
    }

    private static int[] Take(List<Processor> free, int threads)
    {
        Processor[] place = Best([.. free], threads, static p => p.Domain) ?? [.. free];
        int[] taken = Array.ConvertAll(place[..threads], static p => p.Number);
        free.RemoveAll(p => Array.IndexOf(taken, p.Number) >= 0);
        return taken;
    }

    // Of the groups that are large enough, the one whose processors come first in the order; none where that means slower ones, and
    // there are faster ones elsewhere.
    private static Processor[]? Best(Processor[] ordered, int needed, Func<Processor, int> by)
    {
        int slow = ordered.Take(needed).Count(static p => p.IsEfficient);
        return ordered.GroupBy(by).Select(static group => group.ToArray())
            .Where(group => group.Length >= needed && group.Take(needed).Count(static p => p.IsEfficient) <= slow)
            .MinBy(group => needed == 0 ? 0 : Array.IndexOf(ordered, group[needed - 1]));
    }

    private static int[][] InTurn(Processor[] all, int[] threadsOfLanes)
    {
        int next = 0;
        return Array.ConvertAll(threadsOfLanes,
            threads => Enumerable.Range(0, threads).Select(_ => all[next++ % all.Length].Number).Distinct().ToArray());
    }
}
