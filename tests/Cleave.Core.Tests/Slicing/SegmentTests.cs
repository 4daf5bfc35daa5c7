using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Core.Tests.Slicing;

/// <summary>What goes into a sub-model, run in ONNX Runtime.</summary>
public class SegmentTests
{
    private static readonly NamedOnnxValue X = Ort.Floats("x", 1, -2, 3, -4);

    [Fact]
    public void Nodes_are_copied_byte_for_byte()
    {
        ModelProto model = Make.Small();
        model.Graph.Node[0].DocString = "kept";
        // A field this version of the schema does not know.
        byte[] node = [.. model.Graph.Node[0].ToByteArray(), 0xA2, 0x3E, 2, 7, 7];
        model.Graph.Node[0] = NodeProto.Parser.ParseFrom(node);
        ModelProto sliced = ModelProto.Parser.ParseFrom(Slices.WholeOf(model).Bytes);
        Assert.Equal(node, sliced.Graph.Node.Single().ToByteArray());
    }

    [Fact]
    public void Header_and_metadata_are_kept_and_the_IR_version_is_at_least_4()
    {
        ModelProto model = Make.Small();
        model.IrVersion = 3;
        model.ProducerName = "me";
        model.ProducerVersion = "1";
        model.Domain = "d";
        model.ModelVersion = 5;
        model.MetadataProps.Add(new StringStringEntryProto { Key = "long", Value = new string('x', 200_000) });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 2 });
        ModelProto sliced = ModelProto.Parser.ParseFrom(Slices.WholeOf(model).Bytes);
        Assert.Equal(4, sliced.IrVersion);
        Assert.Equal("me1d5", sliced.ProducerName + sliced.ProducerVersion + sliced.Domain + sliced.ModelVersion);
        Assert.Equal(model.MetadataProps, sliced.MetadataProps);
        Assert.Equal(model.OpsetImport, sliced.OpsetImport);
        model.IrVersion = 9;
        Assert.Equal(9, ModelProto.Parser.ParseFrom(Slices.WholeOf(model).Bytes).IrVersion);
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(4, true)]
    public void Initializers_stop_being_inputs(long ir, bool overridable)
    {
        ModelProto model = Make.Small();
        model.IrVersion = ir;
        model.Graph.Input.Add(Make.Value("w", 1, 4));
        using ByteSource source = ByteSource.FromBytes(new ReadOnlyMemory<byte>(model.ToByteArray()));
        OnnxModel read = ModelReader.Read(source, CancellationToken.None);
        SubModelWriter writer = new(read, source, null);
        Assert.Equal(overridable, writer.OverridableInitializers);
        Assert.Equal(16, writer.WeightBytes);
        SubModel sub = writer.Write(Slices.Whole(read), WeightMode.Copy);
        Assert.Equal(["x"], ModelProto.Parser.ParseFrom(sub.Bytes).Graph.Input.Select(i => i.Name));
        EqualWhole(model, sub);
    }

    public static TheoryData<string> ConstantKinds => ["value", "value_float", "value_floats", "value_int", "value_ints", "value_string", "value_strings", "sparse_value"];

    [Theory]
    [MemberData(nameof(ConstantKinds))]
    public void Constant_nodes_become_initializers(string kind)
    {
        AttributeProto value = new() { Name = kind };
        switch (kind)
        {
            case "value":
                (value.Type, value.T) = (Kind.Tensor, Make.Floats("another name", [1, 4], 5, 6, 7, 8));
                break;
            case "value_float":
                (value.Type, value.F) = (Kind.Float, 2.5f);
                break;
            case "value_floats":
                value.Type = Kind.Floats;
                value.Floats.Add([1.5f, -2, 3, 4]);
                break;
            case "value_int":
                (value.Type, value.I) = (Kind.Int, -7);
                break;
            case "value_ints":
                value.Type = Kind.Ints;
                value.Ints.Add([1, 2, -3, long.MaxValue]);
                break;
            case "value_string":
                (value.Type, value.S) = (Kind.String, ByteString.CopyFromUtf8("2.5"));
                break;
            case "value_strings":
                value.Type = Kind.Strings;
                value.Strings.Add(new[] { "1", "2", "3.5", "-4" }.Select(ByteString.CopyFromUtf8));
                break;
            default:
                value.Type = Kind.SparseTensor;
                value.SparseTensor = new SparseTensorProto
                {
                    Dims = { 1, 4 },
                    Values = Make.Floats("", [2], 5, 6),
                    Indices = new TensorProto { DataType = 7, Dims = { 2 }, Int64Data = { 1, 3 } },
                };
                break;
        }
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("y", 1, 4) },
            Node =
            {
                Make.Node("Constant", [], ["c"], value),
                Make.Node("Cast", ["c"], ["f"], Make.Int("to", 1)),
                Make.Node("Mul", ["x", "f"], ["y"]),
            },
        });
        SubModel sub = Slices.WholeOf(model);
        GraphProto graph = ModelProto.Parser.ParseFrom(sub.Bytes).Graph;
        Assert.Equal(["Cast", "Mul"], graph.Node.Select(n => n.OpType));
        Assert.Equal(["c"], graph.Initializer.Select(i => i.Name).Concat(graph.SparseInitializer.Select(i => i.Values.Name)));
        EqualWhole(model, sub);
    }

    [Fact]
    public void Constant_of_text_that_the_reader_did_not_keep_stays_a_node()
    {
        AttributeProto value = new() { Name = "value_string", Type = Kind.String, S = ByteString.CopyFromUtf8(new string('1', 3) + new string(' ', 2000)) };
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("y", 1, 4), Make.Typed("s", 8) },
            Node = { Make.Node("Constant", [], ["s"], value), Make.Node("Neg", ["x"], ["y"]) },
        });
        SubModel sub = Slices.WholeOf(model);
        Assert.Empty(ModelProto.Parser.ParseFrom(sub.Bytes).Graph.Initializer);
        EqualWhole(model, sub);
    }

    [Fact]
    public void Constant_subgraph_is_cloned_into_each_segment_that_reads_it()
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("y", 1, 4) },
            ValueInfo = { Make.Value("a", 1, 4) },
            Initializer = { Make.Floats("w", [1, 4], 1, 2, 3, 4), Make.Floats("unused", [1], 1) },
            Node =
            {
                Make.Constant("c", Make.Floats("", [1], 3)),
                Make.Node("Mul", ["w", "c"], ["k"]),
                Make.Node("Neg", ["k"], ["unread"]),
                Make.Node("Add", ["x", "k"], ["a"]),
                Make.Node("Sub", ["a", "k"], ["y"]),
            },
        });
        SubModel first = Slices.Of(model, new SegmentRequest("First", [0, 1, 2, 3], ["x"], ["a"]));
        SubModel second = Slices.Of(model, new SegmentRequest("Second", [4], ["a"], ["y"]));
        foreach (SubModel sub in new[] { first, second })
        {
            GraphProto graph = ModelProto.Parser.ParseFrom(sub.Bytes).Graph;
            Assert.Equal(["w", "c"], graph.Initializer.Select(i => i.Name).OrderDescending());
            Assert.Equal("Mul", graph.Node[0].OpType);
            Assert.Equal(2, graph.Node.Count);
        }
        EqualParts(model, first, second);
    }

    [Fact]
    public void Random_nodes_are_not_cloned()
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("y", 1, 4) },
            ValueInfo = { Make.Value("r", 1, 4) },
            Node = { Make.Node("RandomNormal", [], ["r"], Make.Ints("shape", 1, 4)), Make.Node("Add", ["x", "r"], ["y"]) },
        });
        Assert.Equal("Second", Refused(model, new SegmentRequest("Second", [1], ["x"], ["y"])).Arguments[0]);
        Assert.Single(ModelProto.Parser.ParseFrom(Slices.Of(model, new SegmentRequest("Second", [1], ["x", "r"], ["y"])).Bytes).Graph.Node);
    }

    [Fact]
    public void Outputs_may_be_inputs_initializers_and_inner_values()
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4), Make.Value("unread", 1, 4) },
            Output = { Make.Value("y", 1, 4), Make.Value("x", 1, 4), Make.Value("w", 1, 4), Make.Value("inner", 1, 4), Make.Value("c", 1, 4) },
            Initializer = { Make.Floats("w", [1, 4], 1, 2, 3, 4) },
            Node =
            {
                Make.Constant("c", Make.Floats("", [1, 4], 4, 3, 2, 1)),
                Make.Node("Add", ["x", "w"], ["inner"]),
                Make.Node("Neg", ["inner"], ["y"]),
            },
        });
        EqualWhole(model, Slices.WholeOf(model), X, Ort.Floats("unread", 0, 0, 0, 0));
    }

    [Fact]
    public void Bodies_read_outer_values()
    {
        GraphProto Branch(string op, string weight) => new()
        {
            Name = op,
            Output = { Make.Value("out", 1, 4) },
            Initializer = { Make.Floats("same", [1, 4], 9, 8, 7, 6) },
            Node = { Make.Node(op, ["a", weight], ["t"]), Make.Node("Add", ["t", "same"], ["out"]) },
        };
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4), Make.Typed("cond", 9) },
            Output = { Make.Value("y", 1, 4) },
            ValueInfo = { Make.Value("a", 1, 4), Make.Value("b", 1, 4) },
            Initializer = { Make.Floats("w", [1, 4], 1, 2, 3, 4), Make.Floats("same", [1, 4], 0, 0, 0, 1) },
            Node =
            {
                Make.Node("Abs", ["x"], ["a"]),
                Make.Constant("c", Make.Floats("", [1], 3)),
                Make.Node("If", ["cond"], ["b"], Make.Body("then_branch", Branch("Mul", "w")), Make.Body("else_branch", Branch("Sub", "c"))),
                Make.Node("Add", ["b", "same"], ["y"]),
            },
        });
        SubModel second = Slices.Of(model, new SegmentRequest("Second", [2, 3], ["cond", "a"], ["y"]));
        Assert.Equal(["a", "cond"], ModelProto.Parser.ParseFrom(second.Bytes).Graph.Input.Select(i => i.Name).Order());
        SubModel first = Slices.Of(model, new SegmentRequest("First", [0, 1], ["x"], ["a"]));
        foreach (bool cond in new[] { true, false })
            EqualParts(model, first, second, NamedOnnxValue.CreateFromTensor("cond", new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<bool>(new[] { cond }, ReadOnlySpan<int>.Empty)));
    }

    [Fact]
    public void Only_called_functions_come_along()
    {
        ModelProto model = Make.Small();
        FunctionProto Function(string name, params NodeProto[] nodes) => new()
        {
            Name = name,
            Domain = "local",
            Input = { "p" },
            Output = { "q" },
            Node = { nodes },
            OpsetImport = { new OperatorSetIdProto { Version = 17 }, new OperatorSetIdProto { Domain = "local", Version = 1 } },
        };
        NodeProto Call(string function, string input, string output)
        {
            NodeProto node = Make.Node(function, [input], [output]);
            node.Domain = "local";
            return node;
        }
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        model.Functions.Add(Function("Outer", Call("Inner", "p", "m"), Make.Node("Neg", ["m"], ["q"])));
        model.Functions.Add(Function("Unused", Make.Node("Neg", ["p"], ["q"])));
        model.Functions.Add(Function("Inner", Make.Node("Abs", ["p"], ["q"])));
        model.Graph.Node[0] = Make.Node("Add", ["x", "w"], ["s"]);
        model.Graph.Node.Add(Call("Outer", "s", "y"));
        SubModel sub = Slices.WholeOf(model);
        Assert.Equal(["Outer", "Inner"], ModelProto.Parser.ParseFrom(sub.Bytes).Functions.Select(f => f.Name));
        EqualWhole(model, sub);
    }

    [Theory]
    [InlineData(true, "x,k", "a", "does not read 'k'")]
    [InlineData(true, "", "a", "reads 'x', which is not declared")]
    [InlineData(true, "x,x", "a", "declared twice")]
    [InlineData(false, "x", "", "makes 'a'")]
    [InlineData(false, "x", "a,y", "does not make 'y'")]
    [InlineData(false, "x", "a,a", "declared twice")]
    [InlineData(false, "x", "a,nothing", "no value 'nothing'")]
    [InlineData(false, "x", "a,u", "element type of 'u'")]
    public void Wrong_declaration_is_refused(bool kIsInitializer, string reads, string writes, string why)
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4), Make.Value("k", 1, 4) },
            Output = { Make.Value("y", 1, 4) },
            ValueInfo = { Make.Value("a", 1, 4) },
            Node = { Make.Node("Neg", ["x"], ["u"]), Make.Node("Abs", ["u"], ["a"]), Make.Node("Add", ["a", "k"], ["y"]) },
        });
        // An input of the model may be declared where nobody reads it; another segment's value may not.
        if (kIsInitializer)
        {
            model.Graph.Input.RemoveAt(1);
            model.Graph.Initializer.Add(Make.Floats("k", [1, 4], 1, 1, 1, 1));
        }
        Problem problem = Refused(model, new SegmentRequest("S", [0, 1], Split(reads), Split(writes)));
        Assert.Contains(why, problem.Arguments[1]);

        static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Unknown_node_is_refused(int node) =>
        Assert.Contains("no node", Refused(Make.Small(), new SegmentRequest("S", [node], ["x"], ["y"])).Arguments[1]);

    [Fact]
    public void What_a_cloned_node_makes_need_not_be_written()
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("y", 1, 4), Make.Value("z", 1, 4) },
            Node = { Make.Node("Neg", ["x"], ["a"]), Make.Node("Exp", ["a"], ["y"]), Make.Node("Abs", ["a"], ["z"]) },
        });
        SegmentRequest one = new("One", [0, 1], ["x"], ["y"]), two = new("Two", [0, 2], ["x"], ["z"]);

        Assert.Contains("'a', which is needed outside", Refused(model, one).Message("m"), StringComparison.Ordinal);
        using InferenceSession first = Ort.Open(Slices.Of(model, one with { Cloned = [0] }).Bytes), second = Ort.Open(Slices.Of(model, two with { Cloned = [0] }).Bytes);
        using InferenceSession whole = Ort.Open(model.ToByteArray());
        Dictionary<string, NamedOnnxValue> expected = Ort.Run(whole, [X]), values = Ort.Run(first, [X]);
        foreach ((string name, NamedOnnxValue value) in Ort.Run(second, [X]))
            values.Add(name, value);
        Ort.Equal(expected, values);
    }

    private static Problem Refused(ModelProto model, SegmentRequest request)
    {
        Problem problem = Assert.Throws<ModelException>(() => Slices.Of(model, request)).Problem;
        Assert.Equal(Rules.SegmentRefused, problem.Rule);
        return problem;
    }

    private static void EqualWhole(ModelProto model, SubModel sub, params NamedOnnxValue[] inputs)
    {
        if (inputs.Length == 0)
            inputs = [X];
        using InferenceSession whole = Ort.Open(model.ToByteArray());
        using InferenceSession sliced = Ort.Open(sub.Bytes);
        Ort.Equal(Ort.Run(whole, inputs), Ort.Run(sliced, inputs));
    }

    // Runs one part after the other, and the whole.
    private static void EqualParts(ModelProto model, SubModel first, SubModel second, params NamedOnnxValue[] more)
    {
        using InferenceSession whole = Ort.Open(model.ToByteArray());
        using InferenceSession one = Ort.Open(first.Bytes);
        using InferenceSession two = Ort.Open(second.Bytes);
        Dictionary<string, NamedOnnxValue> values = Ort.Run(one, [X]);
        foreach (NamedOnnxValue value in more)
            values.Add(value.Name, value);
        Ort.Equal(Ort.Run(whole, [X, .. more]), Ort.Run(two, [.. values.Values]));
    }
}
