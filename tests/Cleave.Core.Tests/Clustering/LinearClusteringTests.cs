using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Clustering;
using Xunit;

namespace Cleave.Core.Tests.Clustering;

/// <summary>What holds of clusters whatever a graph looks like (Das and Rauchwerger 2023, algorithms 1 to 4).</summary>
public sealed class LinearClusteringTests
{
    private const int Graphs = 10_000;
    private const double Edge = 1;

    [Fact]
    public void Paths_are_paths_and_partition_the_tasks_and_the_first_is_the_critical_path()
    {
        foreach ((TaskGraph graph, double[] weights) in Random())
        {
            double[] distance = LinearClustering.DistanceToEnd(graph, weights, Edge);
            List<int[]> paths = LinearClustering.Paths(graph, distance);
            AssertPartition(graph, paths);
            foreach (int[] path in paths)
            {
                for (int i = 1; i < path.Length; i++)
                    Assert.Contains(path[i], graph.Successors[path[i - 1]]);
            }
            Assert.Equal(LongestPath(graph, weights), paths[0].Sum(t => weights[t]) + (Edge * (paths[0].Length - 1)), 1e-9);
        }
    }

    [Fact]
    public void Merged_clusters_partition_the_tasks_run_in_order_and_no_two_of_them_follow_one_another()
    {
        foreach ((TaskGraph graph, double[] weights) in Random())
        {
            double[] distance = LinearClustering.DistanceToEnd(graph, weights, Edge);
            List<int[]> paths = LinearClustering.Paths(graph, distance), merged = LinearClustering.Merged(paths, distance);
            AssertPartition(graph, merged);
            foreach (int[] cluster in merged)
            {
                for (int i = 1; i < cluster.Length; i++)
                    Assert.True(distance[cluster[i]] <= distance[cluster[i - 1]]);
            }
            for (int a = 0; a < merged.Count; a++)
            {
                for (int b = 0; b < merged.Count; b++)
                    Assert.False(a != b && distance[merged[a][^1]] >= distance[merged[b][0]]);
            }
        }
    }

    [Fact]
    public void A_path_goes_to_the_first_cluster_that_has_ended()
    {
        foreach ((TaskGraph graph, double[] weights) in Random().Take(2000))
        {
            double[] distance = LinearClustering.DistanceToEnd(graph, weights, Edge);
            List<int[]> paths = LinearClustering.Paths(graph, distance);
            Assert.Equal(OneByOne(paths, distance, static _ => 0), LinearClustering.Merged(paths, distance));
            Assert.Equal(OneByOne(paths, distance, t => weights[t]), LinearClustering.Concurrent(paths, distance, weights));
        }
    }

    [Fact]
    public void Very_many_tasks_side_by_side_are_clustered_in_bounded_time()
    {
        TaskGraph graph = new([.. Enumerable.Range(0, 200_000).Select(static _ => Array.Empty<int>())]);
        double[] weights = [.. Enumerable.Range(0, graph.Count).Select(static t => 1.0 + (t % 7))];
        Stopwatch watch = Stopwatch.StartNew();
        double[] distance = LinearClustering.DistanceToEnd(graph, weights, Edge);
        List<int[]> paths = LinearClustering.Paths(graph, distance);
        Assert.Single(LinearClustering.Merged(paths, distance));
        Assert.Equal(graph.Count, LinearClustering.Concurrent(paths, distance, weights).Count);
        // Generous: looking at every cluster for every path took longer.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), watch.Elapsed.ToString());
    }

    [Fact]
    public void There_are_as_many_concurrent_clusters_as_paths_are_side_by_side_at_most()
    {
        foreach ((TaskGraph graph, double[] some) in Random())
        {
            // What takes no time is beside nothing.
            double[] weights = Array.ConvertAll(some, static w => w + 0.1);
            double[] distance = LinearClustering.DistanceToEnd(graph, weights, Edge);
            List<int[]> paths = LinearClustering.Paths(graph, distance), clusters = LinearClustering.Concurrent(paths, distance, weights);
            AssertPartition(graph, clusters);
            Assert.True(clusters.Count >= LinearClustering.Merged(paths, distance).Count);
            Assert.Equal(paths.Max(p => paths.Count(q => distance[q[0]] >= distance[p[0]] && distance[q[^1]] - weights[q[^1]] < distance[p[0]])), clusters.Count);
        }
    }

    [Fact]
    public void The_order_by_distance_is_one_in_which_tasks_can_run_even_where_nothing_costs_anything()
    {
        foreach ((TaskGraph graph, double[] weights) in Random())
        {
            int[] order = LinearClustering.Order(LinearClustering.DistanceToEnd(graph, Array.ConvertAll(weights, _ => 0.0), 0));
            Assert.Equal(Enumerable.Range(0, graph.Count), order);
            order = LinearClustering.Order(LinearClustering.DistanceToEnd(graph, weights, 0));
            HashSet<int> done = [];
            foreach (int task in order)
            {
                Assert.True(done.IsSupersetOf(graph.Predecessors[task]));
                done.Add(task);
            }
        }
    }

    [Fact]
    public void The_order_by_distance_is_one_in_which_tasks_can_run_even_where_distances_are_no_numbers()
    {
        Assert.Equal(Enumerable.Range(0, 100), LinearClustering.Order([.. Enumerable.Repeat(double.NaN, 100)]));
        foreach ((TaskGraph graph, double[] weights) in Random())
        {
            weights[graph.Count / 2] = double.NaN;
            bool[] done = new bool[graph.Count];
            foreach (int task in LinearClustering.Order(LinearClustering.DistanceToEnd(graph, weights, Edge)))
            {
                Assert.All(graph.Predecessors[task], p => Assert.True(done[p]));
                done[task] = true;
            }
        }
    }

    [Fact]
    public void A_graph_that_is_not_in_order_is_refused() =>
        Assert.Throws<ArgumentException>(() => new TaskGraph([[1], []]));

    // As it is published, looking at all clusters for each path.
    private static List<int[]> OneByOne(List<int[]> paths, double[] distance, Func<int, double> last)
    {
        List<List<int>> merged = [];
        List<double> ends = [];
        foreach (int[] path in paths.OrderByDescending(p => distance[p[0]]).ThenByDescending(End))
        {
            int place = ends.FindIndex(e => !(e < distance[path[0]]));
            if (place < 0)
            {
                place = ends.Count;
                merged.Add([]);
                ends.Add(0);
            }
            merged[place].AddRange(path);
            ends[place] = End(path);
        }
        return merged.ConvertAll(static m => m.ToArray());

        double End(int[] path) => distance[path[^1]] - last(path[^1]);
    }

    private static void AssertPartition(TaskGraph graph, List<int[]> clusters)
    {
        bool[] seen = new bool[graph.Count];
        foreach (int task in clusters.SelectMany(c => c))
        {
            Assert.False(seen[task]);
            seen[task] = true;
        }
        Assert.DoesNotContain(false, seen);
    }

    // Forwards, where the algorithm goes backwards.
    private static double LongestPath(TaskGraph graph, double[] weights)
    {
        double[] ends = new double[graph.Count];
        for (int task = 0; task < graph.Count; task++)
            ends[task] = weights[task] + graph.Predecessors[task].Select(p => ends[p] + Edge).DefaultIfEmpty(0).Max();
        return ends.Max();
    }

    private static IEnumerable<(TaskGraph, double[])> Random()
    {
        Random random = new(3);
        for (int i = 0; i < Graphs; i++)
        {
            int[][] predecessors = new int[1 + random.Next(30)][];
            for (int task = 0; task < predecessors.Length; task++)
                predecessors[task] = [.. Enumerable.Range(0, random.Next(4)).Where(_ => task > 0).Select(_ => random.Next(task)).Distinct().Order()];
            yield return (new TaskGraph(predecessors), [.. predecessors.Select(_ => random.Next(5) == 0 ? 0 : (double)random.Next(1, 20))]);
        }
    }
}
