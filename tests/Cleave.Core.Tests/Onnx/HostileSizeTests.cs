using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Passes.Fusion;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Onnx.BadInput;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Files of a few megabytes with very many of one thing: time grows with their number, not with its square.</summary>
public class HostileSizeTests
{
    private const int Many = 50_000;

    // What takes the square of it needs much longer.
    private const int MostSeconds = 5;

    [Theory]
    [InlineData(1000, false)]
    [InlineData(1001, true)]
    public void Domains_that_are_imported_are_limited(int domains, bool isRefused)
    {
        ModelProto model = Make.Small();
        model.OpsetImport.Add(Numbered(domains - 1).Select(static n => new OperatorSetIdProto { Domain = "d" + n, Version = 1 }));
        FunctionProto function = new() { Name = "f", Domain = "own", OpsetImport = { model.OpsetImport } };
        ModelProto other = Make.Small();
        other.Functions.Add(function);
        if (!isRefused)
        {
            Assert.Equal(domains, Read(model.ToByteArray()).Opsets.Count);
            Assert.Equal(domains, Read(other.ToByteArray()).Functions[0].Opsets.Count);
            return;
        }
        Assert.Contains("more than 1000 domains", Expect(Rules.Malformed, model).Arguments[1]);
        Assert.Contains("more than 1000 domains", Expect(Rules.Malformed, other).Arguments[1]);
    }

    [Fact]
    public void Of_several_imports_of_a_domain_the_last_counts_at_its_place()
    {
        ModelProto model = Make.Small();
        model.OpsetImport.Add([new OperatorSetIdProto { Domain = "a", Version = 1 }, new OperatorSetIdProto { Domain = "ai.onnx", Version = 18 }]);
        Assert.Equal([new OpsetImport("a", 1), new OpsetImport("", 18)], Read(model.ToByteArray()).Opsets);
    }

    [Fact]
    public void Many_attributes_are_compared_with_as_many()
    {
        NodeAttribute[] attributes = [.. Numbered(Many).Select(static n => new NodeAttribute("a" + n, AttributeKind.Int) { Ints = [1] })];
        DuplicateNodes nodes = new();
        IsQuick(() =>
        {
            Assert.Null(nodes.Original(new Node("", "Relu", "", ["x"], ["y"], attributes), [1], 0));
            Assert.Null(nodes.Original(new Node("", "Relu", "", ["x"], ["z"], attributes), [1], 1));
        });
    }

    [Fact]
    public void Shapes_depend_on_many_inputs_of_a_function_that_is_called_many_times()
    {
        string[] inputs = [.. Numbered(Many).Select(static n => "i" + n)];
        FunctionProto function = new() { Name = "f", Domain = "own", OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Input = { inputs }, Output = { "o" } };
        function.Node.Add([Make.Node("Concat", inputs, ["all"], Make.Int("axis", 0)), Make.Node("Reshape", [inputs[0], "all"], ["o"])]);
        ModelProto model = Make.Small();
        model.Functions.Add(function);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        model.Graph.Node.Add(Numbered(Many).Select(static n => new NodeProto { OpType = "f", Domain = "own", Input = { "w" }, Output = { "c" + n } }));
        byte[] bytes = model.ToByteArray();
        IsQuick(() => Assert.Equal(Many + 1, Read(bytes).Graph.Nodes.Count));
    }

    [Fact]
    public void Many_overloads_of_a_function_are_called_by_as_many_nodes()
    {
        string[] names = [.. Numbered(Many)];
        OnnxModel model = new() { Functions = [.. names.Select(static n => new ModelFunction { Domain = "own", Name = "f", Overload = n })] };
        IsQuick(() =>
        {
            InferenceState state = new(model);
            foreach (string name in names)
                Assert.Equal(name, state.Function(new Node("", "f", "own", [], [], []) { Overload = name })!.Overload);
            Assert.Null(state.Function(new Node("", "f", "own", [], [], []) { Overload = "none" }));
        });
    }

    /// <summary>Of each block one of two that come to the same.</summary>
    [Fact]
    public void Names_that_are_made_to_have_one_hash_are_read()
    {
        const int Blocks = 16;
        uint state = 2166136261;
        List<(string One, string Other)> pairs = [];
        for (int i = 0; i < Blocks; i++)
        {
            pairs.Add(Meeting(state));
            state = Hash(state, pairs[^1].One);
        }
        string[] names = [.. Enumerable.Range(0, 1 << Blocks).Select(number => string.Concat(pairs.Select((pair, i) => (number >> i & 1) == 0 ? pair.One : pair.Other)))];
        ModelProto model = Make.Small();
        model.Graph.Node.Add(names.Select(static n => new NodeProto { OpType = "Relu", Input = { "x" }, Output = { n } }));
        byte[] bytes = model.ToByteArray();
        IsQuick(() => Assert.Equal(names, Read(bytes).Graph.Nodes.Skip(1).Select(static n => n.Outputs[0])));
    }

    private static (string One, string Other) Meeting(uint state)
    {
        Dictionary<uint, string> seen = [];
        for (long i = 0; ; i++)
        {
            string block = Block(i * 2654435761);
            if (!seen.TryAdd(Hash(state, block), block) && seen[Hash(state, block)] != block)
                return (seen[Hash(state, block)], block);
        }
    }

    private static string Block(long number) => string.Create(5, number, static (text, left) =>
    {
        for (int i = 0; i < text.Length; i++, left /= 90)
            text[i] = (char)('#' + (left % 90));
    });

    // FNV-1a, as NameTable has it.
    private static uint Hash(uint state, string text)
    {
        foreach (char c in text)
            state = unchecked((state ^ c) * 16777619);
        return state;
    }

    private static IEnumerable<string> Numbered(int count) => Enumerable.Range(0, count).Select(static n => n.ToString(CultureInfo.InvariantCulture));

    private static void IsQuick(Action action)
    {
        Stopwatch watch = Stopwatch.StartNew();
        action();
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, MostSeconds);
    }
}
