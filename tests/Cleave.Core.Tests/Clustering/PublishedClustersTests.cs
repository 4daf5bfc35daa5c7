using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Core.Tests.Clustering;

/// <summary>
/// The published algorithm as published: single nodes after constant propagation and dead-code elimination, no fusion groups, no clones,
/// one set of static weights, 1 for each edge. Counts of clusters before and after merging are those of a re-implementation of the
/// paper (github.com/Goalaso/parallelization_ML).
/// </summary>
public sealed class PublishedClustersTests : IDisposable
{
    // What is heavy, whatever its size; everything else is 1.
    private static readonly Dictionary<string, double> Weights = new(StringComparer.Ordinal)
    {
        ["Conv"] = 20,
        ["Gemm"] = 20,
        ["MatMul"] = 20,
        ["MaxPool"] = 3,
        ["AveragePool"] = 3,
        ["LRN"] = 3,
        ["Concat"] = 2,
        ["BatchNormalization"] = 2,
    };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [InlineData("light_squeezenet", 9, 2)]
    [InlineData("light_inception_v1", 28, 4)]
    [InlineData("inception_v3", 36, 6)]
    [InlineData("light_resnet50", 5, 2)]
    [InlineData("light_densenet121", 1, 1)]
    public void Counts_are_within_a_fifth_of_those_published(string name, int before, int after)
    {
        (int paths, int merged) = Clusters(name);

        Assert.InRange(paths, before * 0.8, before * 1.2);
        Assert.InRange(merged, after * 0.8, after * 1.2);
    }

    [SkippableTheory]
    [InlineData("nasnet_224")]
    [InlineData("nasnet_small")]
    public void Cells_with_many_branches_give_many_clusters_of_which_few_are_left(string name)
    {
        (int paths, int merged) = Clusters(name);

        Assert.True(paths >= 40, $"{paths} clusters");
        Assert.True(merged <= 0.35 * paths, $"{merged} of {paths} clusters are left");
    }

    private (int Paths, int Merged) Clusters(string name)
    {
        CatalogModel? model = ModelCatalog.All.FirstOrDefault(m => m.Name == name);
        Skip.If(model is null && !SharedModels.Exist, "the shared models are missing");
        using ByteSource source = ByteSource.OpenFile(model!.Write(_folder.Path));
        (TaskGraph graph, double[] weights) = Nodes(PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(source, default))));
        double[] distance = LinearClustering.DistanceToEnd(graph, weights, edge: 1);
        List<int[]> paths = LinearClustering.Paths(graph, distance);
        return (paths.Count, LinearClustering.Merged(paths, distance).Count);
    }

    private static (TaskGraph, double[]) Nodes(PlanGraph graph)
    {
        int[] nodes = [.. graph.Facts.Order.Where(n => graph.Roles[n] is not (NodeRole.Dead or NodeRole.Constant))];
        Dictionary<int, int> place = nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        int[][] predecessors = Array.ConvertAll(nodes, n => graph.Index.Reads(n).Select(graph.Index.Producer).Where(place.ContainsKey).Select(p => place[p]).Distinct().Order().ToArray());
        return (new TaskGraph(predecessors), Array.ConvertAll(nodes, n => Weights.GetValueOrDefault(graph.Nodes[n].OpType, 1)));
    }
}
