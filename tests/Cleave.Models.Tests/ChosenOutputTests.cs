using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Passes;
using Cleave.Generator.Model;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>Runners whose outputs were chosen give what ONNX Runtime gives on the file with those outputs added.</summary>
public sealed class ChosenOutputTests : IDisposable
{
    private const int MostChosen = 4;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Names =>
        [.. ModelCatalog.All.Where(m => !m.IsBig && !m.HasConstantWeights && m.Name != "only_constants").Select(m => m.Name)];

    // Without optimisations nothing may differ: where something does, a node or a constant is not the same.
    [Theory]
    [MemberData(nameof(Names))]
    public void Values_inside_are_those_of_the_whole_model(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        string path = model.Write(_folder.Path);
        string[] outputs = Choose(path, seed: name.Length);
        Assert.NotEmpty(outputs);
        GeneratedModel generated = GeneratedModel.FromFile(path, outputs);
        Assert.Equal(outputs, generated.Outputs);

        using OrtReference reference = new(WithOutputs(path, generated), GraphOptimizationLevel.ORT_DISABLE_ALL);
        using GeneratedRunner runner = generated.CreateRunner(Plain());
        foreach (DimSample sample in model.Samples.Take(2))
        {
            IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(model, path, sample, seed: 7);
            IReadOnlyDictionary<string, TensorData> expected = reference.Run(inputs);
            // Again: the second run uses buffers that the first one learned the shapes for.
            for (int i = 0; i < 2; i++)
            {
                IReadOnlyDictionary<string, TensorData> actual = runner.Run(inputs);
                Assert.All(generated.Spec.Outputs, o => AssertSame(o, expected[o.Name], actual[o.Name]));
            }
        }
    }

    [Theory]
    [InlineData("two_tower_8x256")]
    [InlineData("nasnet_small")]
    [InlineData("residual")]
    [InlineData("bert_tiny")]
    [InlineData("lstm_stacked")]
    public void With_all_optimisations_they_are_as_near_as_those_allow(string name)
    {
        CatalogModel model = ModelCatalog.Get(name);
        string path = model.Write(_folder.Path);
        string[] outputs = Choose(path, seed: 3, ElementType.Float);
        GeneratedModel generated = GeneratedModel.FromFile(path, outputs);
        using OrtReference reference = new(WithOutputs(path, generated));
        using GeneratedRunner runner = generated.CreateRunner();
        IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(model, path, model.Samples[0], seed: 1);
        IReadOnlyDictionary<string, TensorData> expected = reference.Run(inputs);
        Difference.AssertNone(outputs.ToDictionary(o => o, o => expected[o]), runner.Run(inputs));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_tower_needs_its_own_input_and_weights_only(bool fromBytes)
    {
        string path = ModelCatalog.Get("two_tower_8x256").Write(_folder.Path);
        GeneratedModel whole = GeneratedModel.FromFile(path), tower = GeneratedModel.FromFile(path, "item_embedding");
        Assert.Equal(["item"], tower.Inputs);
        Assert.Equal(whole.Spec.Hash, tower.Spec.Hash);
        Assert.Equal(whole.Spec.Facts.WeightBytes, 2 * tower.Spec.Facts.WeightBytes);

        IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(path, "batch=3", seed: 2);
        using OrtReference reference = new(path);
        RunnerOptions options = new();
        if (fromBytes)
            options.Model = ModelSource.Bytes(File.ReadAllBytes(path));
        using GeneratedRunner runner = tower.CreateRunner(options);
        IReadOnlyDictionary<string, TensorData> expected = reference.Run(inputs);
        Difference.AssertNone(
            new Dictionary<string, TensorData> { ["item_embedding"] = expected["item_embedding"] },
            runner.Run(new Dictionary<string, TensorData> { ["item"] = inputs["item"] }));
    }

    [Fact]
    public void Without_slicing_a_runner_of_chosen_outputs_says_so()
    {
        string path = ModelCatalog.Get("two_tower_8x256").Write(_folder.Path);
        CleaveException e = Assert.Throws<CleaveException>(
            () => GeneratedModel.FromFile(path, "item_embedding").CreateRunner(new RunnerOptions { Slicing = false }));
        Assert.Equal("CLV4009", e.Id);
        Assert.Contains("(item_embedding)", e.Message);

        // All of the model's outputs in another order are no choice that takes a sub-model.
        GeneratedModel.FromFile(path, "score", "item_embedding", "user_embedding").CreateRunner(new RunnerOptions { Slicing = false }).Dispose();
    }

    [Fact]
    public void The_models_own_outputs_come_in_the_order_asked_for()
    {
        string path = ModelCatalog.Get("two_tower_8x256").Write(_folder.Path);
        GeneratedModel model = GeneratedModel.FromFile(path, "score", "user_embedding", "item_embedding");
        Assert.Equal(["score", "user_embedding", "item_embedding"], model.Outputs);
        IReadOnlyDictionary<string, TensorData> inputs = ModelInputs.Random(path, "batch=2", seed: 2);
        using OrtReference reference = new(path);
        using GeneratedRunner runner = model.CreateRunner();
        Difference.AssertNone(reference.Run(inputs), runner.Run(inputs));
    }

    // A few values, of the model's outputs or inside, in any order.
    private static string[] Choose(string path, int seed, ElementType? element = null)
    {
        OnnxModel model = ModelLister.List(path, new ListingOptions(), CancellationToken.None).Model!;
        OutputCandidates candidates = new(model);
        string[] inner = [.. candidates.Names().Where(n => candidates.WhyNot(n) is null && candidates.FactsOf(n).Element is var found
            && (element is null ? TypeText.CSharp(found) is not null : found == element))];
        Random random = new(seed);
        return [.. random.GetItems(inner, MostChosen).Distinct()];
    }

    // The oracle: the file, with the outputs added of which it says nothing.
    private string WithOutputs(string path, GeneratedModel generated)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        foreach (TensorSpec output in generated.Spec.Outputs.Where(o => model.Graph.Output.All(known => known.Name != o.Name)))
        {
            model.Graph.Output.Add(new ValueInfoProto { Name = output.Name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)output.Type } } });
        }
        string added = Path.Combine(_folder.Path, "with_outputs.onnx");
        File.WriteAllBytes(added, model.ToByteArray());
        return added;
    }

    private static RunnerOptions Plain() => new()
    {
        Cores = 1,
        ConfigureSession = (options, _) => options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
    };

    private static void AssertSame(TensorSpec output, TensorData expected, TensorData actual)
    {
        string shape = "[" + string.Join(",", expected.Shape) + "]";
        Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{output.Name} has the shape [{string.Join(",", actual.Shape)}] instead of {shape}");
        Assert.True(expected.Data.Cast<object>().SequenceEqual(actual.Data.Cast<object>()), output.Name + " differs");
        Assert.True(!output.RankIsKnown || output.Shape.Count == expected.Shape.Length, output.Name + " is declared with another rank than " + shape);
        Assert.All(output.Shape.Zip(expected.Shape), pair => Assert.True(pair.First.Size is null || pair.First.Size == pair.Second, output.Name + " is declared otherwise than " + shape));
    }
}
