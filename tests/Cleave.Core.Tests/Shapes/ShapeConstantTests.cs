using System;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Which constants keep their values: those that shapes depend on, and no others.</summary>
public class ShapeConstantTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "N", 4);

    [Fact]
    public void Arguments_are_kept_wherever_and_however_they_are_stored()
    {
        TensorProto raw = new() { Name = "raw", DataType = 7, Dims = { 2 }, RawData = ByteString.CopyFrom([.. BitConverter.GetBytes(-1L), .. BitConverter.GetBytes(4L)]) };
        Assert.Equal([-1, 4], Kept(raw, "raw"));
        Assert.Equal([-1, 4], Kept(Infer.Vector("typed", -1, 4), "typed"));
        Assert.Equal([-1, 4], Kept(Make.Constant("node", Infer.Vector("", -1, 4)), "node"));
        Assert.Equal([-1, 4], Kept(Make.Node("Constant", [], ["ints"], Make.Ints("value_ints", -1, 4)), "ints"));
        Assert.Null(Kept(Infer.Vector("large", [.. Enumerable.Repeat(1L, 65)]), "large"));
        TensorProto external = Make.External("external", [2], "elsewhere");
        external.DataType = 7;
        Assert.Null(Kept(external, "external"));
        TensorProto int8 = new() { Name = "int8", DataType = 3, Dims = { 2 }, Int32Data = { 1, 2 } };
        Assert.Null(Kept(int8, "int8"));
    }

    [Fact]
    public void Int32_and_bool_are_kept_as_numbers()
    {
        TensorProto int32 = new() { Name = "i", DataType = 6, Dims = { 2 }, RawData = ByteString.CopyFrom([.. BitConverter.GetBytes(-7), .. BitConverter.GetBytes(8)]) };
        TensorProto truth = new() { Name = "b", DataType = 9, Dims = { 3 }, Int32Data = { 1, 0, 1 } };
        OnnxModel model = Read([int32, truth],
            Make.Node("Where", ["b", "c", "c"], ["w"]), Make.Node("Concat", ["w", "i64"], ["s"], Make.Int("axis", 0)),
            Make.Node("Cast", ["i"], ["i64"], Make.Int("to", 7)), Make.Constant("c", Infer.Vector("", 1, 2, 3)),
            Make.Node("Reshape", ["x", "s"], ["y"]));
        Assert.Equal([-7, 8], model.Graph.Initializers[0].Integers!);
        Assert.Equal([1, 0, 1], model.Graph.Initializers[1].Integers!);
        Assert.Contains("initializer \"b\" bool [3] 3 values [1,0,1]\n", Infer.Listing(model));
    }

    [Fact]
    public void What_reaches_a_shape_is_kept_and_what_reaches_numbers_is_not()
    {
        OnnxModel model = Read([Infer.Vector("index", 0), Infer.Vector("rest", -1), Infer.Vector("labels", 5, 6)],
            Make.Node("Shape", ["x"], ["shape"]), Make.Node("Gather", ["shape", "index"], ["n"]),
            Make.Node("Concat", ["n", "rest"], ["target"], Make.Int("axis", 0)), Make.Node("Reshape", ["x", "target"], ["r"]),
            Make.Node("Gather", ["r", "labels"], ["y"]));
        Assert.Equal(["index", "rest"], model.Graph.Initializers.Where(t => t.Integers != null).Select(t => t.Name));
    }

    [Fact]
    public void Floats_are_kept_only_where_they_make_a_shape()
    {
        OnnxModel model = Read([Make.Floats("scales", [2], 1, 2), Make.Floats("w", [4], 1, 2, 3, 4), Make.Floats("half", [], 0.5f), Make.Floats("trained", [], 0.7f)],
            Make.Node("Resize", ["x", "", "scales"], ["r"]), Make.Node("Add", ["r", "w"], ["a"]),
            Make.Node("Shape", ["x"], ["shape"]), Make.Node("Cast", ["shape"], ["f"], Make.Int("to", 1)), Make.Node("Mul", ["f", "half"], ["h"]),
            Make.Node("Cast", ["h"], ["i"], Make.Int("to", 7)), Make.Node("Expand", ["a", "i"], ["e"]),
            // A length that the network computes: what stands on its way is trained.
            Make.Node("Mul", ["x", "trained"], ["t"]), Make.Node("Cast", ["t"], ["ti"], Make.Int("to", 7)), Make.Node("Expand", ["e", "ti"], ["y"]));
        Assert.Equal(["scales", "half"], model.Graph.Initializers.Where(t => t.Floats != null).Select(t => t.Name));
    }

    [Fact]
    public void Bodies_and_functions_are_looked_into()
    {
        GraphProto body = new() { Name = "b", Node = { Make.Node("Reshape", ["x", "outer"], ["r"]), Make.Node("Reshape", ["r", "inner"], ["z"]) }, Initializer = { Infer.Vector("inner", 4) }, Output = { new ValueInfoProto { Name = "z" } } };
        ModelProto proto = Make.Model(Infer.Graph([X], [Infer.Vector("outer", 2, 2), Infer.Vector("argument", 1, 4)],
            Make.Node("If", ["c"], ["i"], Make.Body("then_branch", body), Make.Body("else_branch", body)), Make.Constant("c", new TensorProto { DataType = 9, Int32Data = { 1 } }),
            new NodeProto { Name = "call", OpType = "F", Domain = "local", Input = { "x", "argument" }, Output = { "y" } }));
        proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        proto.Functions.Add(new FunctionProto
        {
            Name = "F",
            Domain = "local",
            Input = { "a", "s" },
            Output = { "o" },
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Node = { Make.Node("Reshape", ["a", "s"], ["t"]), Make.Constant("k", Infer.Vector("", 4)), Make.Node("Reshape", ["t", "k"], ["o"]) },
        });
        OnnxModel model = Infer.Read(proto);
        Assert.Equal([2, 2], model.Graph.Initializers[0].Integers!);
        Assert.Equal([1, 4], model.Graph.Initializers[1].Integers!);
        Assert.Equal([1], model.Graph.Nodes[1].Constant!.Integers!);
        Assert.All(model.Graph.Nodes[0].Attributes, a => Assert.Equal([4], a.Graphs[0].Initializers[0].Integers!));
        Assert.Equal([4], model.Functions[0].Nodes[1].Constant!.Integers!);
        Assert.Equal(Infer.Listing(model), Infer.Listing(Infer.FromListing(model)));
    }

    [Fact]
    public void Labels_in_Constant_nodes_are_not_in_the_listing_and_shapes_are()
    {
        string Listing(long label) => Infer.Listing(Read([],
            Make.Node("Constant", [], ["s"], Make.Ints("value_ints", -1, 4)), Make.Node("Constant", [], ["l"], Make.Int("value_int", label)),
            Make.Node("Reshape", ["x", "s"], ["r"]), Make.Node("Gather", ["r", "l"], ["y"])));
        Assert.Equal(Listing(1), Listing(2));
        Assert.Contains("attribute \"value_int\" tensor int64 [] 8\n", Listing(1));
        Assert.Contains("attribute \"value_ints\" tensor int64 [2] 16 values [-1,4]\n", Listing(1));
    }

    [Fact]
    public void Retrained_models_have_the_same_listing()
    {
        string Listing(int seed)
        {
            TensorProto weight = Make.RandomFloats("w", seed, 4, 4);
            return Infer.Listing(Read([weight, Infer.Vector("s", -1, 4), Make.RandomFloats("b", seed, 4)],
                Make.Node("MatMul", ["x", "w"], ["m"]), Make.Node("Add", ["m", "b"], ["a"]), Make.Node("Reshape", ["a", "s"], ["y"])));
        }
        Assert.Equal(Listing(1), Listing(2));
    }

    [SkippableTheory]
    [MemberData(nameof(Models.Shared), MemberType = typeof(Models))]
    public void Listings_of_shared_models_keep_the_same_values(string name)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        using Core.Onnx.ByteSource source = Core.Onnx.ByteSource.OpenFile(SharedModels.PathOf(name));
        OnnxModel model = Core.Onnx.ModelReader.Read(source, default);
        Assert.Equal(Values(model), Values(Infer.FromListing(model)));
    }

    private static string[] Values(OnnxModel model)
    {
        System.Collections.Generic.List<string> values = [];
        Core.Onnx.TensorWalk.Visit(model, t => values.Add(string.Join(",", t.Integers ?? []) + ";" + string.Join(",", t.Floats ?? [])));
        // The listing sorts attributes, and so the branches of an If.
        return [.. values.Where(v => v != ";").Order(StringComparer.Ordinal)];
    }

    private static long[] Kept(TensorProto constant, string name) =>
        Read([constant], Make.Node("Reshape", ["x", name], ["y"])).Graph.Initializers[0].Integers!;

    private static long[] Kept(NodeProto constant, string name) =>
        Read([], constant, Make.Node("Reshape", ["x", name], ["y"])).Graph.Nodes[0].Constant!.Integers!;

    private static OnnxModel Read(TensorProto[] initializers, params NodeProto[] nodes) =>
        Infer.Read(Make.Model(Infer.Graph([X], initializers, nodes)));
}
