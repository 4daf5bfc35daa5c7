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
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests.Shapes;

/// <summary>Shape inference on every model at hand, value by value, against what ONNX Runtime reports after a run.</summary>
public sealed class RuntimeShapeTests(ITestOutputHelper output)
{
    public static TheoryData<string> Models => [.. ShapeComparison.Names];

    [Theory]
    [MemberData(nameof(Models))]
    public void No_value_has_another_shape_or_type_when_the_model_runs(string name)
    {
        CatalogModel catalogued = ModelCatalog.Get(name);
        string path = catalogued.Write(ModelCatalog.Folder);
        ModelProto file = ShapeComparison.Named(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)));
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(file.ToByteArray()), CancellationToken.None);
        GraphFacts facts = ShapeInference.Infer(model);
        SameThroughTheListing(model, facts);
        int unknown = new ShapeComparison(output).Unknown(catalogued, path, file, facts).Count;
        Assert.True(unknown <= ShapeComparison.MostUnknown.GetValueOrDefault(name), $"{unknown} values of {name} are unknown");
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
        ModelProto file = ShapeComparison.Named(ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)));
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
}
