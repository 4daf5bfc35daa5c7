using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests.Shapes;

/// <summary>Shape inference on every model at hand, value by value, against what ONNX Runtime reports after a run.</summary>
public sealed class RuntimeShapeTests(ITestOutputHelper output)
{
    /// <summary>
    /// Values whose shape depends on data, by model, and what follows from them: so many may be unknown, of all others none.
    /// Models that are not named here have none.
    /// </summary>
    private static readonly Dictionary<string, int> MostUnknown = new()
    {
        // What NonMaxSuppression finds.
        ["batch_merged_detections"] = 8,
        ["detector"] = 5,
        // How many rounds are asked for; none at all leaves nothing to see of the batch.
        ["loop_inside"] = 2,
        // Branches for two sampling rates that an input chooses between; one whose rank depends on a dimension.
        ["silero_vad"] = 4,
        ["silero_vad_16k_op15"] = 15,
    };

    /// <summary>Light models with random weights are left out: their graph is the published one's.</summary>
    public static TheoryData<string> Models => [.. Names];

    private static IEnumerable<string> Names =>
        ModelCatalog.All.Select(m => m.Name).Where(n => !n.EndsWith("_random", StringComparison.Ordinal));

    /// <summary>Without those whose folded weights are hundreds of megabytes, and whose operators others have, too.</summary>
    public static TheoryData<string> OptimisedModels =>
        [.. Names.Where(m => m is not ("light_vgg19" or "light_zfnet512" or "light_bvlc_alexnet" or "bert_6x768"))];

    [Theory]
    [MemberData(nameof(Models))]
    public void No_value_has_another_shape_or_type_when_the_model_runs(string name)
    {
        CatalogModel catalogued = ModelCatalog.Get(name);
        string path = catalogued.Write(ModelCatalog.Folder);
        ModelProto file = Named(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)));
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(file.ToByteArray()), CancellationToken.None);
        GraphFacts facts = ShapeInference.Infer(model);
        SameThroughTheListing(model, facts);
        int unknown = Compare(catalogued, path, file, facts).Count;
        Assert.True(unknown <= MostUnknown.GetValueOrDefault(name), $"{unknown} values of {name} are unknown");
    }

    /// <summary>Where inference says no shape, but that it is the same in all calls of these dimensions.</summary>
    [SkippableTheory]
    [InlineData("batch_merged_detections", 0)]
    [InlineData("detector", 0)]
    [InlineData("loop_inside", 0)]
    [InlineData("silero_vad_16k_op15", 15)]
    public void A_shape_that_follows_from_the_inputs_shapes_does_not_depend_on_what_they_hold(string name, int found)
    {
        Skip.If(name.StartsWith("silero", StringComparison.Ordinal) && !SharedModels.Exist, SharedModels.WhySkipped);
        CatalogModel catalogued = ModelCatalog.Get(name);
        string path = catalogued.Write(ModelCatalog.Folder);
        ModelProto file = Named(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)));
        GraphFacts facts = ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(file.ToByteArray()), CancellationToken.None));
        HashSet<string> steady = SteadyShapes.Of(facts);
        Assert.Equal(found, steady.Count(v => facts.Of(v).Shape is not { } shape || !Array.TrueForAll(shape, d => d.IsKnown)));
        using RuntimeShapes runtime = new(file);
        foreach (DimSample sample in catalogued.Samples.Take(2))
        {
            IReadOnlyDictionary<string, RuntimeShape>[] runs = [.. Enumerable.Range(1, 3).Select(seed => runtime.Run(ModelInputs.Random(catalogued, path, sample, (ulong)seed)))];
            foreach (string value in runs[0].Keys.Where(steady.Contains))
                Assert.All(runs, run => Assert.True(run[value].Dims.SequenceEqual(runs[0][value].Dims), value));
        }
    }

    /// <summary>
    /// Shapes of the graphs that ONNX Runtime runs in the end: the cost model predicts from them. Tensors with channels in blocks
    /// count only if they are wrong: the size of a block is the processor's, and the file does not say it.
    /// </summary>
    [Theory]
    [MemberData(nameof(OptimisedModels))]
    public void Nor_in_the_graph_that_ONNX_Runtime_makes_of_it(string name)
    {
        CatalogModel catalogued = ModelCatalog.Get(name);
        string path = catalogued.Write(ModelCatalog.Folder);
        byte[] file = Named(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path))).ToByteArray();
        foreach (GraphOptimizationLevel level in new[] { GraphOptimizationLevel.ORT_ENABLE_EXTENDED, GraphOptimizationLevel.ORT_ENABLE_ALL })
        {
            ModelProto optimised = RuntimeShapes.Optimised(file, level);
            output.WriteLine(string.Join(", ", optimised.Graph.Node.Where(n => n.Domain.Length > 0).GroupBy(n => n.Domain + "/" + n.OpType).Select(g => $"{g.Key} {g.Count()}")));
            OnnxModel model = ModelReader.Read(ByteSource.FromBytes(optimised.ToByteArray()), CancellationToken.None);
            HashSet<string> blocked = Blocked(optimised.Graph);
            int unknown = Compare(catalogued, path, optimised, ShapeInference.Infer(model)).Count(v => !blocked.Contains(v));
            Assert.True(unknown <= MostUnknown.GetValueOrDefault(name), $"{unknown} values of {name} are unknown");
        }
    }

    // Between the operators that reorder others may stand: sums, activations.
    private static HashSet<string> Blocked(GraphProto graph)
    {
        HashSet<string> blocked = [];
        foreach (NodeProto node in graph.Node)
        {
            if (node.OpType != "ReorderOutput" && (node.Domain == Domains.Blocked || node.Input.Any(blocked.Contains)))
                blocked.UnionWith(node.Output);
        }
        return blocked;
    }

    // The values that are not known; fails where one is wrong.
    private HashSet<string> Compare(CatalogModel catalogued, string path, ModelProto file, GraphFacts facts)
    {
        string name = catalogued.Name;
        HashSet<string> unknown = [];
        int values = 0;
        using RuntimeShapes runtime = new(file);
        foreach (DimSample sample in catalogued.Samples.Take(2))
        {
            IReadOnlyDictionary<string, RuntimeShape> truth = runtime.Run(ModelInputs.Random(catalogued, path, sample, seed: 1));
            values = truth.Count;
            foreach ((string value, RuntimeShape shape) in truth)
            {
                if (!IsKnown(facts.Of(value), shape, sample, $"{name}: {value} at {sample}"))
                    unknown.Add(value);
            }
        }
        output.WriteLine(FormattableString.Invariant($"{name}: {values} values, {unknown.Count} unknown"));
        foreach (string value in unknown.Order(StringComparer.Ordinal).Take(40))
            output.WriteLine($"  {value} by {file.Graph.Node.First(n => n.Output.Contains(value)).OpType}: {facts.Of(value)}");
        Assert.True(values > 0);
        return unknown;
    }

    // Fails where a number or a type is wrong.
    private static bool IsKnown(ValueFacts facts, RuntimeShape truth, DimSample sample, string where)
    {
        if (facts.Kind == ValueKind.Unknown)
            return false;
        Assert.Equal(ValueKind.Tensor, facts.Kind);
        if (facts.Element != ElementType.Undefined)
            Assert.True((int)facts.Element == truth.Element, $"{where}: {facts}, but it is {(ElementType)truth.Element}");
        if (facts.Shape is not { } shape)
            return false;
        string dims = string.Join(",", truth.Dims);
        Assert.True(shape.Length == truth.Dims.Length, $"{where}: {facts}, but it is [{dims}]");
        long?[] sizes = [.. shape.Select(d => d.Evaluate(n => sample.Sizes.TryGetValue(n, out long size) ? size : null))];
        for (int i = 0; i < sizes.Length; i++)
            Assert.True(sizes[i] is null || sizes[i] == truth.Dims[i], $"{where}: {facts}, but it is [{dims}]");
        return facts.Element != ElementType.Undefined && !sizes.Contains(null);
    }

    // The generator infers from the listing what the file's owner saw.
    private static void SameThroughTheListing(OnnxModel model, GraphFacts facts)
    {
        using MemoryStream text = new();
        ListingWriter.Write(new ModelListing { Model = model }, text);
        GraphFacts again = ShapeInference.Infer(ListingReader.Read(Encoding.UTF8.GetString(text.ToArray())).Model!);
        Assert.Equal(facts.Values.Keys.Order(StringComparer.Ordinal), again.Values.Keys.Order(StringComparer.Ordinal));
        foreach ((string value, ValueFacts first) in facts.Values)
            Assert.True(All(first) == All(again.Of(value)), $"{value}: {All(first)}; through the listing {All(again.Of(value))}");
    }

    private static string All(ValueFacts facts) =>
        $"{facts} {{{string.Join<Dim>(",", facts.Content ?? [])}}} {{{string.Join(",", facts.Floats ?? [])}}}";

    // A dimension without a name is unlike any other, so nothing would follow from it. The samples name it after its input.
    private static ModelProto Named(ModelProto model)
    {
        foreach (ValueInfoProto input in model.Graph.Input)
        {
            for (int i = 0; i < (input.Type.TensorType?.Shape?.Dim.Count ?? 0); i++)
            {
                TensorShapeProto.Types.Dimension dim = input.Type.TensorType!.Shape.Dim[i];
                if (dim.DimValue <= 0 && dim.DimParam.Length == 0)
                    dim.DimParam = FormattableString.Invariant($"{input.Name}[{i}]");
            }
        }
        return model;
    }
}
