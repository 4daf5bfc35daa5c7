using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Cleave.TestKit.Synthetic;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests;

/// <summary>The catalog's models load in ONNX Runtime and compute something at each sample of their dimensions.</summary>
public sealed class CatalogTests(ITestOutputHelper output)
{
    public static TheoryData<string> Synthetic => [.. ModelCatalog.All.Where(m => !m.IsShared).Select(m => m.Name)];

    public static TheoryData<string> Shared =>
        [.. ModelCatalog.All.Where(m => m.IsShared && !m.Name.StartsWith("light_", StringComparison.Ordinal)).Select(m => m.Name).DefaultIfEmpty("")];

    [Theory]
    [MemberData(nameof(Synthetic))]
    public void Each_runs_at_each_sample_and_builds_the_same_again(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        using TempFolder folder = new();
        Stopwatch building = Stopwatch.StartNew();
        string path = model.Write(folder.Path);
        output.WriteLine(FormattableString.Invariant($"{name}: {new FileInfo(path).Length / 1e6:f1} MB, built in {building.ElapsedMilliseconds} ms"));
        RunAtEachSample(model, path);
        string again = model.Write(Path.Combine(folder.Path, "again"));
        Assert.True(File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(again)));
    }

    [SkippableTheory]
    [MemberData(nameof(Shared))]
    public void Shared_models_run_at_each_sample(string name)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        using TempFolder folder = new();
        CatalogModel model = ModelCatalog.Get(name);
        RunAtEachSample(model, model.Write(folder.Path));
    }

    [Fact]
    public void The_catalog_has_each_name_once_and_all_that_are_shared()
    {
        Assert.Equal(ModelCatalog.All.Count, ModelCatalog.All.Select(m => m.Name).Distinct().Count());
        string[] published = [.. ModelCatalog.All.Select(m => m.Name)];
        Assert.All(SharedModels.All, file => Assert.Contains(Path.GetFileNameWithoutExtension(file), published));
    }

    [Fact]
    public void The_random_graph_has_as_many_nodes_as_asked_and_varied_fans()
    {
        GraphProto graph = new RandomDag(5000, seed: 5).Build().Graph;
        Assert.Equal(5000, graph.Node.Count);
        Assert.Contains(graph.Node, n => n.Input.Count >= 8);
        int[] readers = [.. graph.Node.SelectMany(n => n.Input.Distinct()).GroupBy(v => v).Select(g => g.Count())];
        Assert.Contains(1, readers);
        Assert.Contains(readers, r => r >= 6);
    }

    private void RunAtEachSample(CatalogModel model, string path)
    {
        using OrtReference session = new(path);
        Assert.NotEmpty(model.Samples);
        foreach (DimSample sample in model.Samples)
        {
            IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(model, path, sample, seed: 3);
            foreach ((string name, TensorData tensor) in session.Run(inputs))
            {
                double[] values = [.. tensor.Data.Cast<object>().Select(Number)];
                output.WriteLine(FormattableString.Invariant(
                    $"{sample} {name} [{string.Join(", ", tensor.Shape)}]: {values.Min():g4} to {values.Max():g4}, mean {values.Average():g4}, mean magnitude {values.Average(Math.Abs):g4}"));
                Assert.All(values, v => Assert.True(double.IsFinite(v)));
                Assert.True(values.Length == 1 || values.Distinct().Skip(1).Any(), $"{name} is all {values[0]}");
            }
        }
    }

    private static double Number(object value) => value switch
    {
        Half half => (double)half,
        bool truth => truth ? 1 : 0,
        _ => Convert.ToDouble(value),
    };
}
