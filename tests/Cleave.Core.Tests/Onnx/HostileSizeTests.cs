using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Passes.Fusion;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.Core.Tests.Passes;
using Cleave.Core.Tests.Shapes;
using Cleave.Core.Tuning;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Onnx.BadInput;

namespace Cleave.Core.Tests.Onnx;

/// <summary>What is measured must not wait for other tests.</summary>
[CollectionDefinition(nameof(HostileSizeTests), DisableParallelization = true)]
public sealed class HostileSizeTestsCollection;

/// <summary>Files of a few megabytes with very many of one thing: time grows with their number, not with its square.</summary>
[Collection(nameof(HostileSizeTests))]
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

    [Fact]
    public void A_node_in_a_function_reads_many_inputs_of_it()
    {
        string[] inputs = [.. Numbered(Many * 4).Select(static n => "i" + n)];
        OnnxModel model = Calling(inputs, [new Node("", "Concat", "", inputs, ["o"], [Axis])], [new Node("", "f", "own", [.. inputs.Select(static _ => "w")], ["c"], [])]);
        IsQuick(() => Assert.Equal("float [800000]", ShapeInference.Infer(model).Of("c").ToString()));
    }

    /// <summary>What is done for each call is counted, not the nodes alone.</summary>
    [Theory]
    [InlineData("inputs of a function")]
    [InlineData("inputs of a node in it")]
    [InlineData("constants of a body in it")]
    public void A_function_of_very_many_values_is_called_as_often(string values)
    {
        string[] names = [.. Numbered(Many).Select(static n => "v" + n)];
        OnnxGraph body = new()
        {
            Initializers = [.. names.Select(static n => new TensorInfo(n, ElementType.Float, [1]))],
            Outputs = [new ValueInfo(names[0], new OnnxType.Tensor(ElementType.Float, null))],
        };
        Node node = values switch
        {
            "inputs of a function" => new Node("", "Relu", "", [names[0]], ["o"], []),
            "inputs of a node in it" => new Node("", "Concat", "", [.. names.Select(static _ => "v0")], ["o"], [Axis]),
            _ => new Node("", "If", "", [names[0]], ["o"], [Branch("then_branch"), Branch("else_branch")]),
        };
        OnnxModel model = Calling(values == "inputs of a function" ? names : ["v0"], [node], [.. Numbered(Many).Select(static n => new Node("", "f", "own", ["w"], ["c" + n], []))]);
        IsQuick(() =>
        {
            GraphFacts facts = ShapeInference.Infer(model);
            Assert.Equal(ElementType.Float, facts.Of("c0").Element);
            Assert.Contains("nothing is known", Assert.Single(facts.Notes));
        });

        NodeAttribute Branch(string name) => new(name, AttributeKind.Graph) { Graphs = [body] };
    }

    [Fact]
    public void Many_sizes_that_nobody_reads_are_one_group()
    {
        List<NodeProto> nodes = [Make.Node("Relu", ["x"], ["m"]), Make.Node("Shape", ["m"], ["a0"])];
        for (int i = 1; i < Many; i++)
            nodes.Add(Make.Node("Add", ["a" + (i - 1), "a" + (i - 1)], ["a" + i]));
        IsQuickToPlan(nodes, ["a" + (Many - 1)]);
    }

    [Fact]
    public void One_value_is_measured_by_many_each_of_another_group()
    {
        List<NodeProto> nodes = [Make.Node("Neg", ["x"], ["m"])];
        for (int i = 0; i < Many; i++)
        {
            // Unlike each other, so none is removed as equal.
            nodes.Add(Make.Node("Shape", ["m"], ["s" + i], Make.Int("start", i)));
            nodes.Add(Make.Node("Expand", ["x", "s" + i], ["e" + i]));
        }
        IsQuickToPlan(nodes, [.. Numbered(Many).Select(static n => "e" + n)]);
    }

    [Fact]
    public void An_input_has_very_many_named_dimensions()
    {
        ModelProto model = Make.Model(Infer.Graph([Infer.Input("x", 1, [.. Numbered(Many * 2).Select(static n => "d" + n)])], [], Make.Node("Relu", ["x"], ["y"])));
        GraphFacts facts = Infer.Facts(model);
        IsQuick(() => Assert.Contains("not followed", BatchAxis.Find(facts, ["y"]).Reason));
    }

    [Fact]
    public void A_tuning_file_has_very_many_sections()
    {
        string text = "cleave-tuning 1\n" + string.Concat(Numbered(Many / 2).Reverse().Select(static n => "machine \"p" + n + "\" 2 \"1.29.0\"\n  graph \"h2:0a\"\n"));
        IsQuick(() =>
        {
            TuningFile file = TuningFile.Read(text);
            Assert.Equal((Many / 2, "p0", "p9999"), (file.Sections.Count, file.Sections[0].Machine.Processor, file.Sections[^1].Machine.Processor));
        });
    }

    private static NodeAttribute Axis { get; } = new("axis", AttributeKind.Int) { Ints = [0] };

    private static OnnxModel Calling(string[] inputs, Node[] nodes, Node[] calls) => new()
    {
        Opsets = [new OpsetImport("", 17)],
        Functions = [new ModelFunction { Domain = "own", Name = "f", Inputs = inputs, Outputs = ["o"], Nodes = nodes, Opsets = [new OpsetImport("", 17)] }],
        Graph = new OnnxGraph { Initializers = [new TensorInfo("w", ElementType.Float, [4])], Nodes = calls },
    };

    private static void IsQuickToPlan(List<NodeProto> nodes, string[] outputs)
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { outputs.Select(static o => new ValueInfoProto { Name = o }) },
            Node = { nodes },
        });
        IsQuick(() => Assert.NotEmpty(RandomGraphs.Plan(model).Groups));
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
