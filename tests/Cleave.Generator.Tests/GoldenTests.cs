using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Generator.Emit;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>The generated files, whole, beside these tests. UPDATE_GOLDEN=1 writes them anew.</summary>
public class GoldenTests
{
    public static TheoryData<string> Names => new(Cases.Keys.Order(StringComparer.Ordinal));

    private static Dictionary<string, Func<ModelListing>> Cases { get; } = new()
    {
        ["dynamic"] = () => Models.Bert(),
        ["fixed_public"] = () => WithOptions(
            Models.Listing([Models.Float("input", 1, 3, 240, 320)], [Models.Float("scores", 1, 4420, 2), Models.Float("boxes", 1, 4420, 4)], "models/face_detector.onnx"),
            o => o with { Access = "public", Slicing = "false", Weights = "map" }),
        ["every_element_type"] = () => Models.Listing(
            [.. Elements.Select(e => Models.Tensor(e.Word() + "_in", e, 2))], [.. Elements.Select(e => Models.Tensor(e.Word() + "_out", e))]),
        ["any_shape"] = () => Models.Listing([Models.AnyShape("image"), Models.Float("pair", "batch", null, "batch")], [Models.AnyShape("mask"), Models.Float("n", null, "batch", 0)]),
        ["no_inputs"] = () => Models.Listing([], [Models.Float("table", 10)], "models/3d table.onnx"),
        ["chosen_outputs"] = () => Models.Chosen("scores", "/backbone/pool/output_0", "/stages.2/block*/\u202eOutput"),
        ["split_two_towers"] = () => Split(ModelCatalog.Get("two_tower_8x256")),
        ["split_symbolic"] = () => Split(SplitModels.Doubled()),
        ["split_sent_to_two"] = () => Split(SplitModels.Fan(3, 4)),
        ["recurrent"] = () => Split(new Recurrent("LSTM", 2, 256, 16).Stacked()),
        ["accelerator"] = () => Placed(new Recurrent("GRU", 2, 256, 32).Bidirectional()),
        ["described"] = () => Models.Listing(
            [new ValueInfo("x", new OnnxType.Tensor(ElementType.Float, [Dimension.Fixed(1)])) { DocString = "Red, green, blue;\nfrom 0 to 1 <inclusive> & no more." }],
            [new ValueInfo("y", new OnnxType.Tensor(ElementType.Float, [])) { DocString = "The answer." }]),
    };

    private static IEnumerable<ElementType> Elements =>
        Enum.GetValues<ElementType>().Where(e => e != ElementType.Undefined && Model.TypeText.CSharp(e) is not null);

    [Theory]
    [MemberData(nameof(Names))]
    public void Code_is_as_it_was(string name)
    {
        Generated generated = GeneratorHost.Run(Models.File(Cases[name]())).Compiles();

        string text = string.Concat(generated.Hints.Select(hint => "// ==== " + hint + "\n" + generated.Source(hint)))
            .Replace(SafeText.Literal(GeneratedCode.Version), "\"VERSION\"", StringComparison.Ordinal);
        string path = Path.Combine(SharedModels.Repository, "tests", "Cleave.Generator.Tests", "Golden", name + ".cs");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), text);
    }

    [Fact]
    public void Every_golden_file_has_a_test()
    {
        string[] files = Directory.GetFiles(Path.Combine(SharedModels.Repository, "tests", "Cleave.Generator.Tests", "Golden"));
        Assert.Equal(Cases.Keys.Order(StringComparer.Ordinal), files.Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)!);
    }

    private static ModelListing Split(CatalogModel model)
    {
        string folder = Directory.CreateTempSubdirectory("cleave-golden-").FullName;
        try
        {
            return Split(ModelProto.Parser.ParseFrom(File.ReadAllBytes(model.Write(folder))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ModelListing Split(ModelProto model) => WithOptions(
        Models.Listing(ModelReader.Read(ByteSource.FromBytes(model.ToByteArray()), default), "models/split.onnx"), o => o with { Plan = "Split" });

    private static ModelListing Placed(ModelProto model) => WithOptions(
        Models.Listing(ModelReader.Read(ByteSource.FromBytes(model.ToByteArray()), default), "models/gru.onnx"),
        o => o with { Settings = [new("Accelerator", "Cuda"), new("Objective", "Latency"), new("GpuMemory", "64MB")] });

    private static ModelListing WithOptions(ModelListing listing, Func<ListingOptions, ListingOptions> change) =>
        listing with { Options = change(listing.Options) };
}
