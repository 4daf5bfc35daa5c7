using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Tests.Onnx;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Listing;

/// <summary>Listings: what is written is read, and written again the same.</summary>
public class ListingTests
{
    private static readonly ListingOptions Options = new()
    {
        Source = "models/m.onnx",
        Path = "models/App/models/m.onnx",
        Link = "models/linked ü.onnx",
        Namespace = "My.App",
        ClassName = "M",
        Access = "public",
        Slicing = "false",
        Weights = "map",
        Plan = "Split",
        Dims = "batch=1,sequence=\"2\"",
        Validate = "true",
        MaxSlowdown = "1.1",
        QuantizedFrom = "models/floats ü.onnx",
        MaxError = "0.05",
        Settings = [new("Hint", "Throughput"), new("BatchSize", "\"\n")],
        Outputs = ["scores", "a;b", "/backbone/pool/output_0", "\"\\\n\u202e"],
    };

    [SkippableTheory]
    [MemberData(nameof(Models.Shared), MemberType = typeof(Models))]
    public void Shared_models_go_round(string model)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        GoesRound(ModelLister.List(SharedModels.PathOf(model), Options, CancellationToken.None));
    }

    [SkippableFact]
    public void Node_models_go_round()
    {
        Skip.If(NodeModels.All.Count == 0, NodeModels.WhySkipped);
        foreach (string path in NodeModels.All)
            GoesRound(ModelLister.List(path, Options, CancellationToken.None));
    }

    [Fact]
    public void Random_models_with_hostile_names_go_round()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            OnnxModel model = Read(new RandomModel(seed).Make().ToByteArray());
            string text = GoesRound(new ModelListing { Options = Options, Model = model, ExternalFiles = RandomModel.Hostile });
            foreach (char c in text)
                Assert.False(c != '\n' && (char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator), ((int)c).ToString("X4", CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Chosen_outputs_are_a_list_of_texts_and_not_in_the_hash()
    {
        ModelListing listing = new() { Options = Options, Model = Read(Make.Small().ToByteArray()) };
        string text = GoesRound(listing);
        Assert.Contains("\n  outputs [\"scores\",\"a;b\",\"/backbone/pool/output_0\",\"\\\"\\\\\\n\\u202E\"]\n", text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Options.Outputs, ListingReader.Read(text).Options.Outputs);

        string without = Text(listing with { Options = Options with { Outputs = [] } });
        Assert.DoesNotContain("outputs [", without);
        Assert.Empty(ListingReader.Read(without).Options.Outputs);
        Assert.Equal(ListingReader.Read(without).Hash, ListingReader.Read(text).Hash);
    }

    [Fact]
    public void Problems_go_round()
    {
        ModelListing listing = new()
        {
            Problems = [.. Rules.All.Select(r => new Problem(r, [.. RandomModel.Hostile])), new Problem(Rules.FileEmpty)],
        };
        string text = Text(listing);
        ModelListing read = ListingReader.Read(text);
        Assert.Null(read.Model);
        Assert.Equal(listing.Problems.Select(p => (p.Rule, string.Join("|", p.Arguments))), read.Problems.Select(p => (p.Rule, string.Join("|", p.Arguments))));
        Assert.Equal(text, Text(read));
    }

    [Fact]
    public void Weights_and_descriptions_are_not_in_the_hash_and_the_graph_is()
    {
        ModelProto model = Make.Small();
        string hash = Hash(model);
        model.Graph.Initializer[0] = Make.Floats("w", [1, 4], 9, 9, 9, 9);
        model.DocString = "d";
        model.ProducerName = "p";
        model.Graph.Input[0].DocString = "d";
        model.Graph.Node[0].DocString = "d";
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0].Denotation = "DATA_BATCH";
        Assert.Equal(hash, Hash(model));
        model.Graph.Initializer[0] = Make.External("w", [1, 4], "elsewhere");
        Assert.Equal(hash, Hash(model));
        model.Graph.Node[0].Attribute.Add(Make.Int("b", 1));
        model.Graph.Node[0].Attribute.Add(Make.Int("a", 1));
        string withAttributes = Hash(model);
        Assert.NotEqual(hash, withAttributes);
        (model.Graph.Node[0].Attribute[0], model.Graph.Node[0].Attribute[1]) = (model.Graph.Node[0].Attribute[1], model.Graph.Node[0].Attribute[0]);
        Assert.Equal(withAttributes, Hash(model));
    }

    [Theory]
    [InlineData("value")]
    [InlineData("value_float")]
    [InlineData("value_floats")]
    public void Weights_in_Constant_nodes_are_not_in_the_listing(string attribute)
    {
        string Listing(params float[] weights)
        {
            ModelProto model = Make.Small();
            model.Graph.Initializer.Clear();
            model.Graph.Node.Insert(0, Make.Node("Constant", [], ["w"], attribute switch
            {
                "value" => new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Tensor, T = Make.Floats("", [weights.Length], weights) },
                "value_float" => Make.Float(attribute, weights[0]),
                _ => new AttributeProto { Name = attribute, Type = AttributeProto.Types.AttributeType.Floats, Floats = { weights } },
            }));
            return GoesRound(new ModelListing { Options = Options, Model = Read(model.ToByteArray()) });
        }
        string listing = Listing(1, 2, 3, 4);
        Assert.Equal(listing, Listing(5, 6, 7, 8));
        Assert.Contains("attribute \"" + attribute + "\" tensor float " + (attribute == "value_float" ? "[] 4\n" : "[4] 16\n"), listing);
    }

    [Fact]
    public void What_a_classical_model_learned_is_not_in_the_listing_and_what_its_shapes_depend_on_is()
    {
        string Listing(int trained, params string[] labels)
        {
            ModelProto model = Make.Small();
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 5 });
            // As many numbers as training made.
            float[] numbers = [.. Enumerable.Range(trained, trained).Select(i => i / 8f)];
            long[] places = [.. Enumerable.Range(0, trained)];
            AttributeProto floats = new() { Name = "coefficients", Type = AttributeProto.Types.AttributeType.Floats, Floats = { numbers } };
            AttributeProto splits = new() { Name = "nodes_splits", Type = AttributeProto.Types.AttributeType.Tensor, T = Make.Floats("", [trained], numbers) };
            AttributeProto keys = new() { Name = "keys_strings", Type = AttributeProto.Types.AttributeType.Strings, Strings = { ByteString.CopyFromUtf8("secret " + trained) } };
            AttributeProto classes = new() { Name = "classlabels_strings", Type = AttributeProto.Types.AttributeType.Strings, Strings = { labels.Select(ByteString.CopyFromUtf8) } };
            AttributeProto pool = new() { Name = "pool_int64s", Type = AttributeProto.Types.AttributeType.Ints, Ints = { places } };
            model.Graph.Node.Add(
            [
                Classical(Make.Node("LinearRegressor", ["x"], ["a"], floats)), Classical(Make.Node("TreeEnsemble", ["x"], ["b"], splits, Make.Ints("tree_roots", places))),
                Classical(Make.Node("LabelEncoder", ["x"], ["c"], keys)), Classical(Make.Node("TreeEnsembleClassifier", ["x"], ["d", "e"], classes)),
                Make.Node("TfIdfVectorizer", ["x"], ["f"], pool, Make.Ints("ngram_indexes", 0, 1)),
            ]);
            return GoesRound(new ModelListing { Options = Options, Model = Read(model.ToByteArray()) });
        }
        string listing = Listing(3, "good", "bad");
        Assert.Equal(listing, Listing(5, "good", "bad"));
        Assert.DoesNotContain("secret", listing, StringComparison.Ordinal);
        Assert.Contains("    attribute \"coefficients\" floats\n", listing, StringComparison.Ordinal);
        Assert.Contains("    attribute \"nodes_splits\" tensor float [] 0\n", listing, StringComparison.Ordinal);
        Assert.Contains("    attribute \"ngram_indexes\" ints [0,1]\n", listing, StringComparison.Ordinal);
        Assert.NotEqual(listing, Listing(3, "good", "bad", "ugly"));
        // Of any other attribute values that are missing are an error.
        Assert.Throws<ListingException>(() => ListingReader.Read(listing.Replace("ints [0,1]\n", "ints\n", StringComparison.Ordinal)));
        Assert.Throws<ListingException>(() => ListingReader.Read(listing.Replace("strings [\"good\",\"bad\"]\n", "strings\n", StringComparison.Ordinal)));

        static NodeProto Classical(NodeProto node)
        {
            node.Domain = "ai.onnx.ml";
            return node;
        }
    }

    [Fact]
    public void Hash_is_that_of_the_section_as_documented()
    {
        string text = Text(new ModelListing { Options = Options, Model = Read(Make.Small().ToByteArray()) });
        int start = text.IndexOf("graph h2\n", StringComparison.Ordinal), end = text.IndexOf("hash \"", StringComparison.Ordinal);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text[start..end])));
        Assert.Equal("hash \"h2:" + hash + "\"\n", text[end..]);
    }

    [Fact]
    public void Listing_looks_as_documented()
    {
        ModelProto model = Make.Small();
        model.ProducerName = "pytorch";
        model.Graph.Input[0].DocString = "an \"input\"\n";
        model.Graph.Input[0].Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimParam = "batch" };
        model.Graph.Output[0].Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension();
        model.Graph.Node[0].Attribute.Add([Make.Ints("kernel_shape", 3, 3), Make.Float("alpha", 0.1f), Make.Text("mode", "é")]);
        string text = Text(new ModelListing { Options = Options with { Link = "", Slicing = "", Weights = "", Plan = "", Dims = "", Validate = "", MaxSlowdown = "", QuantizedFrom = "", MaxError = "", Settings = [], Outputs = ["y", "/a/b_0"] }, Model = Read(model.ToByteArray()), ExternalFiles = ["w.bin"] });
        Assert.Equal("""
            cleave-listing 1
            options
              source "models/m.onnx"
              path "models/App/models/m.onnx"
              namespace "My.App"
              class "M"
              access "public"
              outputs ["y","/a/b_0"]
            about
              producer "pytorch" ""
              doc-input "x" "an \"input\"\n"
            external "w.bin"
            graph h2
              ir 8
              opset "" 17
              input "x" tensor float ["batch",4]
              output "y" tensor float [?,4]
              initializer "w" float [1,4] 16
              node "Add_y" "Add" "" ["x","w"] ["y"]
                attribute "alpha" float 0.1
                attribute "kernel_shape" ints [3,3]
                attribute "mode" string "é"

            """.ReplaceLineEndings("\n"), text[..text.IndexOf("hash", StringComparison.Ordinal)]);
    }

    [Fact]
    public void Damaged_listings_are_refused_with_their_line()
    {
        string text = Text(new ModelListing { Options = Options, Model = Read(new RandomModel(4).Make().ToByteArray()) });
        int refused = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            StringBuilder damaged = new(text);
            if (seed % 2 == 0)
                damaged.Length = random.Next(text.Length);
            else
                damaged[random.Next(text.Length)] = (char)random.Next(32, 127);
            try
            {
                ListingReader.Read(damaged.ToString());
            }
            catch (ListingException e)
            {
                Assert.StartsWith("line ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }
        Assert.InRange(refused, 500, 2000);
    }

    [Theory]
    [InlineData(4, "options\n  source \"a\"\n   path \"b\"\n")]
    [InlineData(3, "options\n    source \"a\"\n")]
    [InlineData(2, "  source \"a\"\n")]
    [InlineData(2, "problem CLV1012 \"a\" \"b\"\n")]
    [InlineData(2, "problem CLV9999\n")]
    [InlineData(2, "hash \"h2:\" x\n")]
    [InlineData(2, "external \"a\\x\"\n")]
    [InlineData(3, "graph h2\n  ir x\n")]
    [InlineData(2, "graph h3\n")]
    [InlineData(2, "no end")]
    public void What_is_wrong_with_a_listing_is_told_with_its_line(int line, string text)
    {
        Assert.StartsWith("line 1:", Assert.Throws<ListingException>(() => ListingReader.Read("another format\n")).Message, StringComparison.Ordinal);
        string message = Assert.Throws<ListingException>(() => ListingReader.Read("cleave-listing 1\n" + text)).Message;
        Assert.StartsWith("line " + line + ":", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_listings_are_refused_and_do_not_overflow_the_stack()
    {
        string type = string.Concat(Enumerable.Repeat("sequence(", 100_000));
        Assert.Throws<ListingException>(() => ListingReader.Read("cleave-listing 1\ngraph h2\n  input \"x\" " + type + "\n"));
        StringBuilder deep = new("cleave-listing 1\ngraph h2\n");
        for (int depth = 1; depth < 4000; depth += 2)
        {
            deep.Append(' ', 2 * depth).Append("node \"\" \"If\" \"\" [] []\n");
            deep.Append(' ', 2 * depth + 2).Append("attribute \"b\" graph\n");
        }
        Assert.Throws<ListingException>(() => ListingReader.Read(deep.ToString()));
    }

    [Fact]
    public void Large_model_is_listed_in_little_memory()
    {
        using TempFolder folder = new();
        string path = LargeModel.Write(folder, 400L << 20, nodes: 900, initializers: 300);
        (long small, _) = Measure(path);
        (long allocated, TimeSpan time) = Measure(path);
        Assert.InRange(allocated, 0, 1_000_000);
        // Far above what it takes (a benchmark holds the real bound), so that a busy machine does not fail it.
        Assert.InRange(time.TotalMilliseconds, 0, 1000);
        Assert.InRange(small, 0, 3_000_000);
        string larger = LargeModel.Write(folder, 3000L << 20, nodes: 900, initializers: 300);
        Assert.InRange(Measure(larger).Allocated, 0, allocated + 20_000);
    }

    private static (long Allocated, TimeSpan Time) Measure(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        ModelListing listing = ModelLister.List(path, Options, CancellationToken.None);
        string hash = ListingWriter.Write(listing, Stream.Null);
        TimeSpan time = watch.Elapsed;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.StartsWith("h2:", hash, StringComparison.Ordinal);
        return (allocated, time);
    }

    private static string GoesRound(ModelListing listing)
    {
        Assert.Empty(listing.Problems);
        string text = Text(listing);
        ModelListing read = ListingReader.Read(text);
        Assert.Equal(text, Text(read));
        Assert.Equal(read.Hash, ListingWriter.Hash(read.Model!));
        Assert.Equal(listing.Options.Outputs, read.Options.Outputs);
        Assert.Equal(listing.Options.Settings, read.Options.Settings);
        Assert.Equal(listing.Options with { Outputs = [], Settings = [] }, read.Options with { Outputs = [], Settings = [] });
        Assert.Equal(listing.ExternalFiles, read.ExternalFiles);
        return text;
    }

    private static string Hash(ModelProto model) => ListingWriter.Hash(Read(model.ToByteArray()));

    private static OnnxModel Read(byte[] bytes)
    {
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        return ModelReader.Read(source, CancellationToken.None);
    }

    private static string Text(ModelListing listing)
    {
        using MemoryStream stream = new();
        ListingWriter.Write(listing, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
