using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Cost;

/// <summary>Work and predictions over the catalog of models.</summary>
public sealed class NodeWorkTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Models => [.. ModelCatalog.All.Where(m => !m.IsBig && !m.IsShared).Select(m => m.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_group_that_runs_has_work_and_every_prediction_is_sound(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        foreach (DimSample sample in model.Samples)
        {
            SizedGraph graph = Sized(model, sample);
            GraphCost cost = new(graph, Device());
            double[] byGroup = cost.ByGroup(1);

            for (int group = 0; group < byGroup.Length; group++)
            {
                bool runs = graph.Graph.Groups[group].Nodes.Any(n => graph.Graph.Roles[n] == NodeRole.Live);
                Assert.True(double.IsFinite(byGroup[group]) && byGroup[group] >= 0 && (byGroup[group] > 0 || !runs), $"group {group}: {byGroup[group]}");
                foreach (Work work in cost.Work(group).Works)
                    Assert.All(work.Sizes, s => Assert.True(s >= 1, $"{work.Kernel}: {s}"));
            }
            Assert.Equal(cost.Whole(1), new GraphCost(Sized(model, sample), Device()).Whole(1));
            Assert.True(cost.Whole(2) > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void No_size_of_none_makes_a_prediction_that_is_no_number(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        foreach (string dimension in model.Samples[0].Sizes.Keys)
        {
            double[] byGroup = new GraphCost(Sized(model, model.Samples[0].With(dimension, 0)), Device()).ByGroup(1);
            Assert.All(byGroup, t => Assert.True(double.IsFinite(t) && t >= 0, $"{dimension}: {t}"));
        }
    }

    [Fact]
    public void A_larger_batch_is_never_predicted_to_be_faster()
    {
        CatalogModel model = ModelCatalog.Get("residual");

        double[] times = [.. new[] { 1, 2, 4, 8 }.Select(b => new GraphCost(Sized(model, "batch=" + b), Device()).Whole(1))];

        Assert.Equal(times.Order(), times);
    }

    [Fact]
    public void A_model_cut_in_two_is_predicted_slower_than_whole()
    {
        SizedGraph graph = Sized(ModelCatalog.Get("residual"), "batch=1");
        GraphCost cost = new(graph, Device());
        int half = graph.Graph.Groups.Count / 2;
        string cut = graph.Graph.Nodes[graph.Graph.Groups[half - 1].Nodes[^1]].Outputs[0];

        double parts = cost.Segment([.. Enumerable.Range(0, half)], [cut], 1)
            + cost.Segment([.. Enumerable.Range(half, graph.Graph.Groups.Count - half)], graph.Graph.Outputs, 1);

        Assert.True(parts > cost.Whole(1));
    }

    [Fact]
    public void Five_thousand_nodes_are_predicted_in_bounded_time()
    {
        SizedGraph graph = Sized(ModelCatalog.Get("random_dag_5000"), "batch=1");
        Stopwatch watch = Stopwatch.StartNew();

        new GraphCost(graph, Device()).Whole(1);

        // Generous: a quadratic walk would take minutes.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), watch.Elapsed.ToString());
    }

    [Theory]
    [InlineData("Softmax", 11, null, 2, 12)]
    [InlineData("LogSoftmax", 12, null, 2, 12)]
    [InlineData("Hardmax", 11, 2L, 6, 4)]
    [InlineData("Softmax", 11, 0L, 1, 24)]
    [InlineData("Softmax", 13, null, 6, 4)]
    [InlineData("Softmax", 13, 1L, 8, 3)]
    [InlineData("Softmax", 17, -3L, 12, 2)]
    public void A_softmax_goes_over_the_axes_that_its_operator_set_says(string op, long opset, long? axis, double rows, double columns)
    {
        GraphProto graph = new() { Name = "softmax", Input = { Make.Value("x", 2, 3, 4) }, Output = { Make.Value("y", 2, 3, 4) } };
        graph.Node.Add(Make.Node(op, ["x"], ["y"], axis is { } given ? [Make.Int("axis", given)] : []));
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(Make.Model(graph, opset: opset).ToByteArray()), default);
        SizedGraph sized = new(PlanGraphBuilder.Build(ShapeInference.Infer(model)), static _ => null);
        Work work = Assert.Single(NodeWork.Of(sized.Sizes(sized.Graph.Nodes[0])));
        Assert.Equal("softmax", work.Kernel);
        Assert.Equal([rows, columns], work.Sizes);
    }

    private static CostModel Device() => new(DeviceTables.Find(DeviceTables.Avx2)!);

    private SizedGraph Sized(CatalogModel model, DimSample sample)
    {
        string path = Path.Combine(_folder.Path, model.Name + ".onnx");
        if (!File.Exists(path))
            path = model.Write(_folder.Path);
        using ByteSource source = ByteSource.OpenFile(path);
        OnnxModel read = ModelReader.Read(source, default);
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach (ValueInfo input in read.Graph.Inputs)
        {
            if (input.Type is not OnnxType.Tensor { Shape: { } shape })
                continue;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Name is { } name)
                    sizes[name] = sample.Size(input.Name, axis, name);
            }
        }
        return new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(read)), name => sizes.TryGetValue(name, out long size) ? size : null);
    }
}
