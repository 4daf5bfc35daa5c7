using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Onnx.BadInput;

namespace Cleave.Core.Tests.Onnx;

/// <summary>What the wire format can do wrong: lengths, numbers, text, depth.</summary>
public class BadWireTests
{
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
        byte[] graph = [0x0A, 6, 0x22, 1, (byte)'A', 0x1A, 1, 0xFF];
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
}
