using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Files that are no usable models: each has its rule, and nothing else happens.</summary>
public class BadInputTests
{
    [Fact]
    public void Missing_file_is_named() => Expect(Rules.FileMissing, List("nowhere/model.onnx"));

    [Fact]
    public void Folder_in_place_of_a_file_is_unreadable()
    {
        using TempFolder folder = new();
        Problem problem = Expect(Rules.Unreadable, List(folder.Path));
        Assert.DoesNotContain(folder.Path, problem.Arguments[0]);
    }

    [Fact]
    public void Empty_file() => Expect(Rules.FileEmpty, []);

    [Fact]
    public void Git_LFS_pointer() => Expect(Rules.LfsPointer, Encoding.UTF8.GetBytes(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"));

    public static TheoryData<string, byte[]> OtherFormats => new()
    {
        { "PNG", [0x89, .. "PNG\r\n\x1a\n"u8, 0, 0, 0, 13, .. "IHDR"u8, .. new byte[40]] },
        { "zip", [.. "PK"u8, 3, 4, 20, 0, 8, 0, .. new byte[60]] },
        { "web page", [.. "<!DOCTYPE html><html><head><title>404</title></head></html>"u8] },
        { "JSON", [.. "{ \"model\": [1, 2, 3] }"u8] },
        { "text", [.. "Hello: this is a text, and it says nothing about a model at all.\nReally."u8] },
        { "GGUF", [.. "GGUF"u8, 3, 0, 0, 0, .. new byte[40]] },
        { "TensorFlow Lite", [0x1C, 0, 0, 0, .. "TFL3"u8, .. new byte[40]] },
        { "ONNX Runtime's own", [0x1C, 0, 0, 0, .. "ORTM"u8, .. new byte[40]] },
        { "follow the format", new byte[100] },
        { "no graph", [8, 8] },
    };

    [Theory]
    [MemberData(nameof(OtherFormats))]
    public void Other_formats_are_recognised(string what, byte[] content) =>
        Assert.Contains(what, Expect(Rules.NotOnnx, content).Arguments[0]);

    [Fact]
    public void Random_bytes_are_not_a_model()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            byte[] bytes = new byte[500];
            new Random(seed).NextBytes(bytes);
            Expect(Rules.NotOnnx, bytes);
        }
    }

    [Fact]
    public void Missing_parts_of_a_model()
    {
        ModelProto model = Make.Small();
        model.IrVersion = 0;
        Assert.Contains("IR version", Expect(Rules.NotOnnx, model).Arguments[0]);
        model = Make.Small();
        model.OpsetImport.Clear();
        Assert.Contains("operator set", Expect(Rules.NotOnnx, model).Arguments[0]);
        model.IrVersion = 2;
        Assert.Equal([new OpsetImport("", 1)], Read(model.ToByteArray()).Opsets);
    }

    [Fact]
    public void Truncated_file_is_told_at_every_length()
    {
        ModelProto small = Make.Small();
        small.ProducerName = "somebody";
        byte[] bytes = small.ToByteArray();
        for (int length = 1; length < bytes.Length; length++)
        {
            Rule rule = Assert.Single(Problems(bytes[..length])).Rule;
            // Before the graph begins nothing tells a model from any other file, and without operator sets it is none.
            Assert.True(rule == Rules.Truncated || rule == Rules.NotOnnx, length + ": " + rule.Id);
        }
        Assert.Equal(Rules.Truncated, Assert.Single(Problems(bytes[..^20])).Rule);
    }

    [Fact]
    public void Length_beyond_the_enclosing_message()
    {
        // A node of 100 bytes in a graph of 2, in a file that has them.
        byte[] bytes = [0x08, 8, 0x3A, 2, 0x0A, 100, .. new byte[200]];
        Assert.Contains("beyond the enclosing message", Expect(Rules.Malformed, bytes).Arguments[1]);
    }

    [Theory]
    [InlineData("a number has more than 64 bits", new byte[] { 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData("a field has no valid number", new byte[] { 0x00, 0x00 })]
    [InlineData("wire type 3", new byte[] { 0x0B })]
    [InlineData("wire type 6", new byte[] { 0x0E })]
    [InlineData("ends in the middle", new byte[] { 0x10, 0x80 })]
    public void Wire_format_is_checked_inside_the_graph(string why, byte[] inner)
    {
        byte[] graph = [0x0A, 3, 0x22, 1, (byte)'A', .. inner];
        byte[] bytes = [0x08, 8, 0x3A, (byte)graph.Length, .. graph, 0x42, 2, 0x10, 17];
        Assert.Contains(why, Expect(Rules.Malformed, bytes).Arguments[1]);
    }

    [Theory]
    [InlineData(0xFFFFFFFFFFFFFFFF)]
    [InlineData(0x7FFFFFFFFFFFFFFF)]
    [InlineData(0xFFFFFFFF)]
    [InlineData(0x7FFFFFF0)]
    public void Absurd_lengths_allocate_nothing(ulong length)
    {
        byte[] varint = Varint(length);
        // A name of that length in a node, and a graph of it.
        byte[] node = [0x22, 1, (byte)'A', 0x0A, .. varint];
        byte[] graph = [0x0A, (byte)node.Length, .. node];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Expect(Rules.Truncated, [0x08, 8, 0x3A, (byte)graph.Length, .. graph]);
        Expect(Rules.Truncated, [0x08, 8, 0x3A, .. varint]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000);
    }

    [Fact]
    public void Name_of_megabytes_is_refused()
    {
        ModelProto model = Make.Small();
        model.Graph.Node[0].Name = new string('n', (1 << 20) + 1);
        Assert.Contains("a name has 1048577 bytes", Expect(Rules.Malformed, model).Arguments[1]);
        model.Graph.Node[0].Name = new string('n', 1 << 20);
        Assert.Equal(1 << 20, Read(model.ToByteArray()).Graph.Nodes[0].Name.Length);
    }

    [Fact]
    public void Name_that_is_not_UTF8_is_refused_and_a_description_is_not()
    {
        ModelProto model = Make.Small();
        byte[] bytes = [.. model.ToByteArray(), 0x32, 2, (byte)'d', 0xFF];
        Assert.Equal("d\uFFFD", Read(bytes).DocString);
        byte[] graph = [0x0A, 5, 0x22, 1, (byte)'A', 0x1A, 0];
        graph = [0x0A, 6, 0x22, 1, (byte)'A', 0x1A, 1, 0xFF];
        Assert.Contains("not UTF-8", Expect(Rules.Malformed, [0x08, 8, 0x3A, (byte)graph.Length, .. graph]).Arguments[1]);
    }

    [Fact]
    public void Long_description_is_cut_at_a_character()
    {
        ModelProto model = Make.Small();
        model.DocString = "a" + new string('ä', 100_000);
        string read = Read(model.ToByteArray()).DocString;
        Assert.Equal("a" + new string('ä', 32767) + "…", read);
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(64, true)]
    [InlineData(3000, true)]
    public void Nested_graphs(int levels, bool tooDeep)
    {
        byte[] graph = [];
        for (int i = 0; i < levels; i++)
        {
            byte[] attribute = [0x0A, 1, (byte)'b', .. Field(6, graph), 0xA0, 1, 5];
            graph = Field(1, [0x22, 2, (byte)'I', (byte)'f', .. Field(5, attribute)]);
        }
        Nested(graph, tooDeep);
    }

    [Theory]
    [InlineData(60, false)]
    [InlineData(64, true)]
    [InlineData(3000, true)]
    public void Nested_types(int levels, bool tooDeep)
    {
        byte[] type = [];
        for (int i = 0; i < levels; i++)
            type = Field(4, Field(1, type));
        Nested([.. Field(11, [0x0A, 1, (byte)'x', .. Field(2, type)])], tooDeep);
    }

    [Fact]
    public void Unknown_element_types()
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0].DataType = 99;
        Assert.Equal(["w", "99"], Expect(Rules.UnknownElementType, model).Arguments);
        model = Make.Small();
        model.Graph.Input[0].Type.TensorType.ElemType = -3;
        Assert.Equal(["x", "-3"], Expect(Rules.UnknownElementType, model).Arguments);
        model = Make.Small();
        model.Graph.Initializer[0].DataType = 0;
        Assert.Equal(["w", "0"], Expect(Rules.UnknownElementType, model).Arguments);
    }

    [Theory]
    [InlineData("input", "x")]
    [InlineData("initializer", "w")]
    [InlineData("value", "y")]
    [InlineData("value", "w")]
    [InlineData("output", "y")]
    [InlineData("function", "F")]
    public void Names_defined_twice(string what, string name)
    {
        ModelProto model = Make.Small();
        switch (what)
        {
            case "input":
                model.Graph.Input.Add(model.Graph.Input[0]);
                break;
            case "initializer":
                model.Graph.Initializer.Add(model.Graph.Initializer[0]);
                break;
            case "output":
                model.Graph.Output.Add(model.Graph.Output[0]);
                break;
            case "function":
                FunctionProto function = new() { Name = name, Domain = "d" };
                model.Functions.Add([function, new FunctionProto(function) { Domain = "e" }, new FunctionProto(function) { Overload = "o" }]);
                Read(model.ToByteArray());
                model.Functions.Add(function);
                break;
            default:
                model.Graph.Node.Add(Make.Node("Neg", ["x"], [name]));
                break;
        }
        Assert.Equal([what, name], Expect(Rules.DuplicateName, model).Arguments);
    }

    [Theory]
    [InlineData("reads 'nobody'")]
    [InlineData("'unmade', which nothing produces")]
    [InlineData("has no operator")]
    [InlineData("an input has no name")]
    [InlineData("an attribute has no name")]
    [InlineData("reads 'inner'")]
    [InlineData("reads 'outer'")]
    public void Names_that_are_missing(string what)
    {
        ModelProto model = Make.Small();
        NodeProto node = model.Graph.Node[0];
        switch (what)
        {
            case "reads 'nobody'":
                node.Input.Add(["", "nobody"]);
                break;
            case "has no operator":
                node.OpType = "";
                break;
            case "an input has no name":
                model.Graph.Input.Add(Make.Value(""));
                break;
            case "an attribute has no name":
                node.Attribute.Add(Make.Int("", 3));
                break;
            case "reads 'inner'":
                // What a body makes is not seen outside.
                node.Attribute.Add(Make.Body("b", new GraphProto { Node = { Make.Node("Neg", ["x"], ["inner"]) } }));
                node.Input.Add("inner");
                break;
            case "reads 'outer'":
                // A function sees nothing but its inputs.
                model.Functions.Add(new FunctionProto { Name = "F", Node = { Make.Node("Neg", ["outer"], ["f"]) } });
                model.Graph.Input.Add(Make.Value("outer"));
                break;
            default:
                model.Graph.Output.Add(Make.Value("unmade"));
                break;
        }
        Assert.Contains(what, Expect(Rules.MissingName, model).Arguments[0]);
    }

    [Fact]
    public void Bodies_may_use_the_same_names_and_outer_values()
    {
        ModelProto model = Make.Small();
        foreach (string name in new[] { "then_branch", "else_branch" })
        {
            model.Graph.Node[0].Attribute.Add(Make.Body(name, new GraphProto
            {
                Node = { Make.Node("Neg", ["w"], ["t"]), Make.Node("If", [], ["u"], Make.Body("b", new GraphProto { Node = { Make.Node("Neg", ["t"], ["x"]) } })) },
                Output = { Make.Value("u") },
            }));
        }
        Read(model.ToByteArray());
    }

    public static TheoryData<string, string, string> WrongSizes => new()
    {
        { "raw", "16 bytes", "12 bytes" },
        { "floats", "4 elements", "3 elements" },
        { "none", "4 elements", "0 elements" },
        { "ints", "4 elements", "3 elements" },
        { "strings", "4 elements", "1 elements" },
        { "external", "16 bytes", "20 bytes" },
        { "overflow", "more than 2^56 bytes", "16 bytes" },
    };

    [Theory]
    [MemberData(nameof(WrongSizes))]
    public void Data_that_does_not_match_the_shape(string how, string needed, string stored)
    {
        ModelProto model = Make.Small();
        TensorProto tensor = model.Graph.Initializer[0];
        if (how is not "raw" and not "overflow")
            tensor.RawData = ByteString.Empty;
        switch (how)
        {
            case "raw":
                tensor.RawData = ByteString.CopyFrom(new byte[12]);
                break;
            case "floats":
                tensor.FloatData.Add([1, 2, 3]);
                break;
            case "ints":
                tensor.DataType = (int)ElementType.UInt8;
                tensor.Int32Data.Add([1, 2, 3]);
                break;
            case "strings":
                tensor.DataType = (int)ElementType.String;
                tensor.StringData.Add(ByteString.CopyFromUtf8("a"));
                break;
            case "external":
                tensor = model.Graph.Initializer[0] = Make.External("w", [1, 4], "w.bin", ("length", "20"));
                break;
            case "overflow":
                tensor.Dims.Add([1L << 40, 1L << 40]);
                break;
        }
        Assert.Equal(["w", string.Join(",", tensor.Dims), needed, stored], Expect(Rules.TensorSize, model).Arguments);
    }

    [Theory]
    [InlineData((int)ElementType.Int4, 5, 3)]
    [InlineData((int)ElementType.UInt4, 4, 2)]
    [InlineData((int)ElementType.Int2, 5, 2)]
    [InlineData((int)ElementType.Float16, 5, 10)]
    [InlineData((int)ElementType.Bool, 5, 5)]
    [InlineData((int)ElementType.Complex128, 2, 32)]
    public void Sizes_of_elements(int element, int count, int bytes)
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = new TensorProto { Name = "w", DataType = element, Dims = { count }, RawData = ByteString.CopyFrom(new byte[bytes]) };
        Assert.Equal(bytes, Read(model.ToByteArray()).Graph.Initializers[0].ByteSize);
    }

    [Fact]
    public void Empty_tensors_hold_nothing_whatever_their_other_dimensions()
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer.Add(new TensorProto { Name = "e", DataType = 1, Dims = { 1L << 60, 0, 1L << 60 } });
        TensorInfo tensor = Read(model.ToByteArray()).Graph.Initializers[1];
        Assert.Equal((0, Storage.None), (tensor.ByteSize, tensor.Storage));
    }

    [Theory]
    [InlineData("w.bin", 16, null)]
    [InlineData("sub\\w.bin", 16, null)]
    [InlineData("missing.bin", 16, "CLV1011")]
    [InlineData("w\0.bin", 16, "CLV1011")]
    [InlineData("w.bin", 15, "CLV1012")]
    [InlineData("/etc/passwd", 16, "CLV1013")]
    [InlineData("C:\\w.bin", 16, "CLV1013")]
    [InlineData("..\\w.bin", 16, "CLV1013")]
    [InlineData("a/../../w.bin", 16, "CLV1013")]
    [InlineData("sub/..", 16, "CLV1013")]
    public void External_data_is_checked(string location, int length, string? rule)
    {
        using TempFolder folder = new();
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = Make.External("w", [1, 4], location);
        // In a body too.
        model.Graph.Node[0].Attribute.Add(Make.Body("b", new GraphProto { Initializer = { Make.External("z", [1, 4], "z.bin") } }));
        folder.File("z.bin", new byte[16]);
        folder.File("w.bin", new byte[length]);
        folder.File("sub/w.bin", new byte[length]);
        ModelListing listing = List(folder.File("m.onnx", model.ToByteArray()));
        Assert.Equal(rule is null ? [] : [rule], listing.Problems.Select(p => p.Rule.Id));
        Assert.NotNull(listing.Model);
        Assert.Equal(rule == "CLV1013" ? ["z.bin"] : [location.Replace('\\', '/'), "z.bin"], listing.ExternalFiles);
        Assert.DoesNotContain(listing.Problems, p => p.Message("m.onnx").Contains(folder.Path));
    }

    [Theory]
    [InlineData("offset", "-1")]
    [InlineData("offset", "one")]
    [InlineData("length", "99999999999999999999")]
    [InlineData("offset", "9223372036854775800")]
    public void External_data_with_a_bad_number(string key, string value)
    {
        ModelProto model = Make.Small();
        model.Graph.Initializer[0] = Make.External("w", [1, 4], "w.bin", (key, value));
        Expect(Rules.Malformed, model);
    }

    [Fact]
    public void Millions_of_tiny_elements_take_linear_time()
    {
        byte[] graph = [.. Field(1, [0x22, 1, (byte)'A']), .. Field(5, [8, 0xC0, 0x84, 0x3D, 0x10, 7, 0x42, 1, (byte)'w', .. Enumerable.Repeat(new byte[] { 0x38, 1 }, 1_000_000).SelectMany(b => b)])];
        byte[] bytes = [0x08, 8, .. Field(7, graph), 0x42, 2, 0x10, 17];
        Stopwatch watch = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        TensorInfo tensor = Read(bytes).Graph.Initializers[0];
        Assert.Equal((Storage.Encoded, 8_000_000L), (tensor.Storage, tensor.ByteSize));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void Cancellation_is_heeded()
    {
        byte[] bytes = Make.Small().ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        Assert.Throws<OperationCanceledException>(() => ModelReader.Read(source, new CancellationToken(true)));
    }

    private static void Nested(byte[] graph, bool tooDeep)
    {
        byte[] bytes = [0x08, 8, .. Field(7, graph), 0x42, 2, 0x10, 17];
        if (tooDeep)
            Expect(Rules.NestedTooDeep, bytes);
        else
            Read(bytes);
    }

    private static byte[] Field(int number, byte[] content) => [.. Varint((ulong)(number << 3 | 2)), .. Varint((ulong)content.Length), .. content];

    private static byte[] Varint(ulong value)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }

    private static OnnxModel Read(byte[] bytes)
    {
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        return ModelReader.Read(source, CancellationToken.None);
    }

    private static Problem Expect(Rule rule, ModelProto model) => Expect(rule, model.ToByteArray());

    private static Problem Expect(Rule rule, byte[] bytes)
    {
        Problem problem = Assert.Single(Problems(bytes));
        Assert.True(rule == problem.Rule, problem.Message("m.onnx"));
        return problem;
    }

    private static Problem Expect(Rule rule, ModelListing listing)
    {
        Assert.Null(listing.Model);
        Problem problem = Assert.Single(listing.Problems);
        Assert.Equal(rule, problem.Rule);
        return problem;
    }

    private static IReadOnlyList<Problem> Problems(byte[] bytes)
    {
        using TempFolder folder = new();
        return List(folder.File("m.onnx", bytes)).Problems;
    }

    private static ModelListing List(string path) => ModelLister.List(path, new ListingOptions(), CancellationToken.None);
}
