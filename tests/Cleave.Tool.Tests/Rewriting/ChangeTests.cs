using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Fixing;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Xunit;
using Dim = Cleave.Core.Shapes.Dim;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>Each change does what it says, and leaves alone what callers and bodies know.</summary>
public sealed class ChangeTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    private GraphProto Graph => _tiny.Model.Graph;

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void Initializers_leave_the_inputs()
    {
        _tiny.Model.IrVersion = 3;
        Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));
        Assert.Equal(["input-initializers 1"], Fix());
        Assert.Equal("x", Assert.Single(Graph.Input).Name);
        Assert.Equal(4, _tiny.Model.IrVersion);
    }

    [Fact]
    public void Every_form_of_Constant_becomes_an_initializer()
    {
        AttributeProto[] forms =
        [
            new() { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = TinyModel.Weight("", TinyModel.Float, 4, 2) },
            new() { Name = "value_float", Type = AttributeProto.Types.AttributeType.Float, F = 2.5f },
            new() { Name = "value_floats", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 1, 2 } },
            new() { Name = "value_int", Type = AttributeProto.Types.AttributeType.Int, I = 7 },
            new() { Name = "value_ints", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 3, 4, 5 } },
            new() { Name = "value_string", Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8("a") },
            new() { Name = "value_strings", Type = AttributeProto.Types.AttributeType.Strings, Strings = { ByteString.CopyFromUtf8("a"), ByteString.CopyFromUtf8("b") } },
        ];
        Graph.Initializer.Clear();
        Graph.Node.Clear();
        for (int i = 0; i < forms.Length; i++)
            Graph.Node.Add(new NodeProto { OpType = "Constant", Output = { "c" + i }, Attribute = { forms[i] } });
        Graph.Output.Add(TinyModel.Value("c6", (int)ElementType.String, 2));
        Graph.ValueInfo.Add(TinyModel.Value("c1", TinyModel.Float));
        ModelEdit edit = new(_tiny.Model);
        Assert.Equal(6, ConstantNodes.Apply(edit));
        Assert.Equal("c6", Assert.Single(Graph.Node).Output[0]);
        Assert.Equal(["c0 1 [2]", "c1 1 []", "c2 1 [2]", "c3 7 []", "c4 7 [3]", "c5 8 []"], Graph.Initializer.Select(i => $"{i.Name} {i.DataType} [{string.Join(",", i.Dims)}]"));
        Assert.Equal(2.5f, Graph.Initializer[1].FloatData[0]);
        Assert.Equal([3L, 4, 5], Graph.Initializer[4].Int64Data);
        Assert.Empty(Graph.ValueInfo);
    }

    // What a file states of its values may be wrong; what operators make of them is not. The last one is what may be removed.
    [Theory]
    [InlineData("sizes", "x", 2, false)]
    [InlineData("two_by_four", "r", 2, false)]
    [InlineData("two_by_four", "x", 1, false)]
    [InlineData("two_by_four", "x", 2, true)]
    public void An_Expand_is_removed_only_where_its_sizes_are_known_and_those_of_its_input_proven(string sizes, string input, int rows, bool isRemoved)
    {
        Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, rows, 4);
        Graph.Input.Add(TinyModel.Value("sizes", (int)ElementType.Int64, 2));
        Graph.Initializer.Add(new TensorProto { Name = "two_by_four", DataType = (int)ElementType.Int64, Dims = { 2 }, Int64Data = { 2, 4 } });
        Graph.Node.Clear();
        Graph.Node.Add(TinyModel.Node("Reshape", ["x", "sizes"], "r"));
        Graph.Node.Add(TinyModel.Node("Expand", [input, sizes], "e"));
        Graph.Node.Add(TinyModel.Node("Add", ["e", "w"], "y"));
        Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 2, 4);
        Graph.ValueInfo.Add(TinyModel.Value("r", TinyModel.Float, 2, 4));
        Graph.ValueInfo.Add(TinyModel.Value("e", TinyModel.Float, 2, 4));
        Assert.Equal(isRemoved ? 1 : 0, PassThroughNodes.Apply(new ModelEdit(_tiny.Model)));
    }

    [Fact]
    public void Arithmetic_on_fixed_shapes_is_folded_and_on_open_ones_is_not()
    {
        ModelProto Build(TestKit.Synthetic.Dim first)
        {
            ModelBuilder g = new("shapes", opset: 13);
            string x = g.Input("x", first, 3, 4);
            string rows = g.Node("Mul", [g.Node("Gather", [g.Node("Shape", [x]), g.Int64s(0)]), g.Int64s(3)]);
            g.Output("y", g.Node("Relu", [g.Node("Reshape", [x, g.Node("Concat", [rows, g.Int64s(4)], Attributes.Int("axis", 0))])]), "rows", 4);
            return g.ToModel();
        }

        ModelProto open = Build("batch"), closed = Build(2);
        Assert.Equal(["constant-nodes 3"], Fix(open));
        Assert.Equal(["constant-nodes 3", "shape-folding 4", "unused-initializers 3"], Fix(closed));
        Assert.Equal(["Reshape", "Relu"], closed.Graph.Node.Select(n => n.OpType));
        Assert.Equal([6L, 4], Assert.Single(closed.Graph.Initializer).Int64Data);
    }

    [Fact]
    public void What_no_output_needs_is_gone_but_for_inputs()
    {
        Graph.Input.Add(TinyModel.Value("unread", TinyModel.Float, 4));
        Graph.Initializer.Add(TinyModel.Weight("v", TinyModel.Float, 4, 4));
        Graph.Initializer.Add(TinyModel.Weight("lost", TinyModel.Float, 4, 4));
        Graph.Node.Add(TinyModel.Node("Add", ["x", "v"], "dead"));
        Graph.Node.Add(TinyModel.Node("Relu", ["dead"], "deader"));
        Graph.ValueInfo.Add(TinyModel.Value("dead", TinyModel.Float, "batch", 4));
        Assert.Equal(["dead-nodes 2", "unused-initializers 2"], Fix());
        Assert.Equal(["x", "unread"], Graph.Input.Select(i => i.Name));
        Assert.Equal("w", Assert.Single(Graph.Initializer).Name);
        Assert.Empty(Graph.ValueInfo);
    }

    // x -> Identity -> Add -> Identity (output z) with another reader of the sum, and Dropout -> Relu -> y.
    [Fact]
    public void Identities_are_gone_and_outputs_keep_their_names()
    {
        Graph.Node.Clear();
        Graph.Node.Add(TinyModel.Node("Identity", ["x"], "i"));
        Graph.Node.Add(TinyModel.Node("Add", ["i", "w"], "sum"));
        Graph.Node.Add(TinyModel.Node("Identity", ["sum"], "z"));
        Graph.Node.Add(new NodeProto { OpType = "Dropout", Input = { "sum" }, Output = { "d", "mask" } });
        Graph.Node.Add(TinyModel.Node("Relu", ["d"], "y"));
        Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
        Assert.Equal(["pass-through-nodes 3"], Fix());
        Assert.Equal(["Add(x,w)=z", "Relu(z)=y"], Graph.Node.Select(n => $"{n.OpType}({string.Join(",", n.Input)})={n.Output[0]}"));
    }

    [Fact]
    public void An_identity_from_input_to_output_stays()
    {
        Graph.Node.Add(TinyModel.Node("Identity", ["x"], "same"));
        Graph.Output.Add(TinyModel.Value("same", TinyModel.Float, "batch", 4));
        Assert.Empty(Fix());
    }

    [Fact]
    public void What_a_body_reads_stays_called_so()
    {
        ModelBuilder then = new("then"), other = new("else");
        then.Output("t", then.Node("Add", ["i", "w"]), "batch", 4);
        other.Output("e", other.Node("Mul", ["i", "only"]), "batch", 4);
        Graph.Node.Clear();
        Graph.Node.Add(TinyModel.Node("Identity", ["x"], "i"));
        Graph.Node.Add(new NodeProto { OpType = "If", Input = { "c" }, Output = { "y" }, Attribute = { Attributes.Body("then_branch", then), Attributes.Body("else_branch", other) } });
        Graph.Input.Add(TinyModel.Value("c", (int)ElementType.Bool));
        Graph.Initializer.Add(TinyModel.Weight("only", TinyModel.Float, 4, 4));
        Graph.Initializer.Add(TinyModel.Weight("nobodys", TinyModel.Float, 4, 4));
        Assert.Equal(["unused-initializers 1"], Fix());
        Assert.Equal("Identity", Graph.Node[0].OpType);
        Assert.Equal(["w", "only"], Graph.Initializer.Select(i => i.Name));
    }

    public static TheoryData<string, string, string?> Reshapes() => new()
    {
        { "N,512,1,1", "1,-1", "0,-1" },
        { "N,84,5,7", "1,4,-1,7", "0,4,-1,7" },
        { "N,6,2", "6,2", "-1,2" },
        { "N,6", "6,1", "-1,1" },
        { "N,6", "6", "-1" },
        { "N,6", "-1,6", null },
        { "N,6", "0,6", null },
        { "N,8,16", "-1,16", null },
        { "6,4", "24", null },
    };

    [Theory]
    [MemberData(nameof(Reshapes))]
    public void A_literal_batch_gives_way_only_where_samples_stay_apart(string from, string shape, string? adapted)
    {
        Dim[] dims = [.. from.Split(',').Select(d => d == "N" ? Dim.Named("N") : Dim.Of(long.Parse(d)))];
        long[]? found = new BatchReshape(dims, "N", 1, zeroIsZero: false).Adapted([.. shape.Split(',').Select(long.Parse)]);
        Assert.Equal(adapted, found is null ? null : string.Join(",", found));
    }

    // The same of numbers that follow from a shape.
    [Theory]
    [InlineData("sizes", false)]
    [InlineData("two_by_four", true)]
    public void A_shape_is_folded_only_where_it_is_proven(string sizes, bool isFolded)
    {
        Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, 2, 4);
        Graph.Input.Add(TinyModel.Value("sizes", (int)ElementType.Int64, 2));
        Graph.Initializer.Add(new TensorProto { Name = "two_by_four", DataType = (int)ElementType.Int64, Dims = { 2 }, Int64Data = { 2, 4 } });
        Graph.Node.Clear();
        Graph.Node.Add(TinyModel.Node("Reshape", ["x", sizes], "r"));
        Graph.Node.Add(TinyModel.Node("Shape", ["r"], "s"));
        Graph.Node.Add(TinyModel.Node("Expand", ["w", "s"], "y"));
        Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 2, 4);
        Graph.ValueInfo.Add(TinyModel.Value("r", TinyModel.Float, 2, 4));
        Assert.Equal(isFolded ? 1 : 0, ShapeFolding.Apply(new ModelEdit(_tiny.Model)));
    }

    private List<string> Fix() => Fix(_tiny.Model);

    private static List<string> Fix(ModelProto model)
    {
        List<string> changes = [.. ModelFix.Apply(model, null).Select(c => $"{c.Kind} {c.Count}")];
        Assert.Empty(ModelFix.Apply(model, null));
        return changes;
    }
}
