using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Random models: read as Google.Protobuf reads them, however they are written; and damaged ones.</summary>
public class RandomModelTests
{
    [Fact]
    public void Random_models_are_read_as_protobuf_reads_them()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            ModelProto model = new RandomModel(seed).Make();
            byte[] bytes = model.ToByteArray();
            OnnxModel read = Read(bytes);
            new Oracle(bytes).Equal(model, read);

            byte[] scrambled = new Scramble(seed).Write(model);
            OnnxModel again = Read(scrambled);
            new Oracle(scrambled).Equal(ModelProto.Parser.ParseFrom(scrambled), again);
            Assert.Equal(GraphOf(read), GraphOf(again));
        }
    }

    [Fact]
    public void Messages_that_occur_twice_are_merged()
    {
        ModelProto one = Make.Small(), two = Make.Small();
        one.Graph.Node.Clear();
        one.Graph.Output.Clear();
        one.Graph.Input[0].DocString = "kept";
        two.Graph.Input.Clear();
        two.Graph.Initializer.Clear();
        two.Graph.Name = "last";
        AttributeProto first = Make.Body("b", new GraphProto { Node = { Make.Node("Neg", ["x"], ["i"]) } });
        AttributeProto second = new() { G = new GraphProto { Node = { Make.Node("Abs", ["i"], ["j"]) } } };
        AttributeProto third = new() { G = new GraphProto { Name = "body" } };
        byte[] twice = [.. first.ToByteArray(), .. second.ToByteArray(), .. third.ToByteArray()];
        byte[] tensor = [.. new AttributeProto { Name = "t", Type = AttributeProto.Types.AttributeType.Tensor, T = new TensorProto { Dims = { 2 }, DataType = 1 } }.ToByteArray(),
            .. new AttributeProto { T = new TensorProto { Dims = { 1 }, FloatData = { 1, 2 }, Name = "n" } }.ToByteArray()];
        byte[] bytes = [.. one.ToByteArray(), .. With(two, twice, tensor)];
        OnnxModel read = Read(bytes);
        ModelProto expected = ModelProto.Parser.ParseFrom(bytes);
        Assert.Equal("last", read.Graph.Name);
        Assert.Equal(expected.Graph.Input[0].DocString, read.Graph.Inputs.Single().DocString);
        NodeAttribute body = read.Graph.Nodes[0].Attributes[0];
        Assert.Equal(["Neg", "Abs"], body.Graphs[0].Nodes.Select(n => n.OpType));
        Assert.Equal("body", body.Graphs[0].Name);
        TensorInfo merged = read.Graph.Nodes[0].Attributes[1].Tensors[0];
        Assert.Equal([2, 1], merged.Dims);
        Assert.Equal(("n", 8L, false), (merged.Name, merged.ByteSize, merged.Message.Exists));
    }

    [Fact]
    public void Types_that_occur_twice_are_merged_and_of_two_alternatives_the_last_counts()
    {
        TypeProto tensor = Make.Value("x", 1).Type, more = Make.Typed("x", 7, 2).Type;
        TypeProto sequence = new() { SequenceType = new TypeProto.Types.Sequence { ElemType = tensor } };
        Assert.Equal("tensor int64 [1,2]", TypeOf(tensor, more));
        Assert.Equal("sequence(tensor int64 [1,2])", TypeOf(tensor, sequence, new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = more } }));
        Assert.Equal("tensor int64 [2]", TypeOf(tensor, sequence, more));
    }

    [Fact]
    public void Attributes_of_very_old_files_tell_their_kind_by_what_they_hold()
    {
        foreach (int seed in Enumerable.Range(0, 50))
        {
            ModelProto model = new RandomModel(seed).Make();
            foreach (NodeProto node in model.Graph.Node)
            {
                foreach (AttributeProto attribute in node.Attribute.ToArray())
                {
                    AttributeProto old = new(attribute) { Type = AttributeProto.Types.AttributeType.Undefined };
                    // Presence of a default value cannot be seen in what Google.Protobuf writes for proto3.
                    if (old.CalculateSize() == new AttributeProto { Name = old.Name, DocString = old.DocString }.CalculateSize())
                        continue;
                    ModelProto one = Make.Small();
                    one.Graph.Node[0].Attribute.Add(old);
                    AddNames(one, old);
                    NodeAttribute read = Read(one.ToByteArray()).Graph.Nodes[0].Attributes[0];
                    Assert.Equal((int)attribute.Type, (int)read.Kind);
                }
            }
        }
    }

    [Fact]
    public void Damaged_models_are_refused_or_read_but_nothing_else()
    {
        Stopwatch watch = Stopwatch.StartNew();
        int refused = 0, read = 0;
        for (int seed = 0; seed < 1500; seed++)
        {
            Random random = new(seed);
            byte[] bytes = new RandomModel(seed % 40).Make().ToByteArray();
            if (seed % 3 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            for (int i = random.Next(1, 6); i > 0 && bytes.Length > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                OnnxModel model = Read(bytes);
                ListingWriter.Hash(model);
                read++;
            }
            catch (ModelException)
            {
                refused++;
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400_000 + 100L * bytes.Length);
        }
        Assert.True(refused > 300 && read > 50, $"{refused} refused, {read} read");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60);
    }

    private static string GraphOf(OnnxModel model)
    {
        using System.IO.MemoryStream listing = new();
        ListingWriter.Write(new ModelListing { Model = model }, listing);
        return System.Text.Encoding.UTF8.GetString(listing.ToArray());
    }

    // The model, its first node with more attributes.
    private static byte[] With(ModelProto model, params byte[][] attributes)
    {
        byte[] node = model.Graph.Node[0].ToByteArray();
        foreach (byte[] attribute in attributes)
            node = [.. node, .. Field(5, attribute)];
        model.Graph.Node.Clear();
        byte[] graph = [.. model.Graph.ToByteArray(), .. Field(1, node)];
        model.Graph = null;
        return [.. model.ToByteArray(), .. Field(7, graph)];
    }

    private static byte[] Field(int number, byte[] content)
    {
        Assert.True(content.Length < 0x4000);
        return [(byte)(number << 3 | 2), (byte)(content.Length | 0x80), (byte)(content.Length >> 7), .. content];
    }

    private static string TypeOf(params TypeProto[] pieces)
    {
        byte[] value = [0x0A, 1, (byte)'v', .. pieces.SelectMany(p => Field(2, p.ToByteArray()))];
        ModelProto model = Make.Small();
        byte[] graph = [.. model.Graph.ToByteArray(), .. Field(13, value)];
        model.Graph = null;
        byte[] bytes = [.. model.ToByteArray(), .. Field(7, graph)];
        string line = GraphOf(Read(bytes)).Split('\n').Single(l => l.StartsWith("  value", StringComparison.Ordinal));
        return line["  value \"v\" ".Length..];
    }

    // Defines what the attribute's bodies read from outside.
    private static void AddNames(ModelProto model, AttributeProto attribute)
    {
        HashSet<string> known = ["x", "w", "y", ""];
        foreach (GraphProto body in attribute.Graphs.Append(attribute.G).Where(g => g != null))
        {
            foreach (string name in NamesIn(body))
            {
                if (known.Add(name))
                    model.Graph.Input.Add(Make.Value(name));
            }
        }
    }

    private static IEnumerable<string> NamesIn(GraphProto graph) => graph.Node.SelectMany(n => n.Input)
        .Concat(graph.Node.SelectMany(n => n.Attribute).SelectMany(a => a.Graphs.Append(a.G)).Where(g => g != null).SelectMany(NamesIn));

    private static OnnxModel Read(byte[] bytes)
    {
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        return ModelReader.Read(source, CancellationToken.None);
    }
}
