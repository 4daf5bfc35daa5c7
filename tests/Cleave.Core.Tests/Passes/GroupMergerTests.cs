using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Passes;
using Xunit;

namespace Cleave.Core.Tests.Passes;

/// <summary>Groups of random graphs grow as they would if everything were looked at.</summary>
public sealed class GroupMergerTests
{
    private const int Graphs = 2000;

    [Fact]
    public void A_way_that_leads_back_through_an_earlier_group_closes_no_circle()
    {
        // In this order: two that several read, and what is read of them.
        const int First = 0, Second = 1, Left = 2, Beside = 3, Right = 4, Behind = 5, Last = 6;
        GroupMerger groups = Merger([[], [], [Second], [First], [Second, Beside], [Left], [First, Behind]]);

        Assert.True(groups.TryMerge(null, [First, Beside, Last], 10));
        Assert.True(groups.TryMerge(null, [Second, Left, Right], 10));

        // From the left one behind it to the last one, and over what is beside it to the right one.
        Assert.All(Enumerable.Range(0, 7), node => Assert.True(groups.Together(node, First)));
    }

    [Fact]
    public void A_merge_takes_what_lies_between_along_or_is_refused()
    {
        int refused = 0, more = 0;
        for (int seed = 0; seed < Graphs; seed++)
        {
            Random random = new(seed);
            int[][] predecessors = new int[5 + random.Next(25)][];
            for (int node = 0; node < predecessors.Length; node++)
                predecessors[node] = [.. Enumerable.Range(0, random.Next(3)).Where(_ => node > 0).Select(_ => random.Next(node)).Distinct()];
            GroupMerger groups = Merger(predecessors);
            for (int merge = 0; merge < predecessors.Length; merge++)
            {
                int[] nodes = [.. Enumerable.Range(0, 2 + random.Next(2)).Select(_ => random.Next(predecessors.Length))];
                int between = random.Next(6);
                int[] before = [.. Enumerable.Range(0, predecessors.Length).Select(groups.GroupOf)];
                HashSet<int> asked = [.. nodes.Select(n => before[n])], all = Closed(predecessors, before, asked);
                int along = before.Count(g => all.Contains(g) && !asked.Contains(g));

                Assert.Equal(along <= between, groups.TryMerge(null, nodes, between));

                for (int node = 0; node < before.Length; node++)
                    Assert.Equal(before[node] == before[nodes[0]] || (along <= between && all.Contains(before[node]) && all.Contains(before[nodes[0]])), groups.Together(node, nodes[0]));
                refused += along > between ? 1 : 0;
                more += along > 0 && along <= between ? 1 : 0;
            }
        }
        Assert.True(refused > Graphs && more > Graphs, $"{refused} refused, {more} took some along");
    }

    [Fact]
    public void Very_long_chains_become_groups_in_bounded_time()
    {
        const int Nodes = 50_000;
        GroupMerger groups = Merger([.. Enumerable.Range(0, Nodes).Select(static n => n == 0 ? (int[])[] : [n - 1])]);
        Stopwatch watch = Stopwatch.StartNew();

        for (int node = 1; node < Nodes; node++)
            Assert.True(groups.TryMerge(null, [node - 1, node]));

        // Generous: a walk over the whole group at each merge took longer.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), watch.Elapsed.ToString());
        Assert.Equal(Nodes, groups.Members(7).Count());
    }

    private static GroupMerger Merger(int[][] predecessors)
    {
        List<int>[] successors = [.. predecessors.Select(static _ => new List<int>())];
        for (int node = 0; node < predecessors.Length; node++)
        {
            foreach (int predecessor in predecessors[node])
                successors[predecessor].Add(node);
        }
        return new GroupMerger(predecessors, [.. successors.Select(static s => s.ToArray())], [.. Enumerable.Range(0, predecessors.Length)], static _ => false);
    }

    // The groups on all ways from one of the groups to another, and on the ways from those.
    private static HashSet<int> Closed(int[][] predecessors, int[] groupOf, HashSet<int> asked)
    {
        HashSet<int> all = [.. asked];
        if (asked.Count > 1)
        {
            HashSet<int> after = Reached(asked, (from, to) => (from, to)), before = Reached(asked, (from, to) => (to, from));
            all.UnionWith(after.Intersect(before));
        }
        return all;

        HashSet<int> Reached(HashSet<int> start, Func<int, int, (int From, int To)> edge)
        {
            HashSet<int> reached = [.. start];
            for (int size = 0; size < reached.Count;)
            {
                size = reached.Count;
                for (int node = 0; node < predecessors.Length; node++)
                {
                    foreach (int predecessor in predecessors[node])
                    {
                        (int from, int to) = edge(groupOf[predecessor], groupOf[node]);
                        if (reached.Contains(from))
                            reached.Add(to);
                    }
                }
            }
            return reached;
        }
    }
}
