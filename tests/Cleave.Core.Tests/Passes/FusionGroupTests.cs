using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Passes;

/// <summary>
/// Each fusion on a graph of its own, written "output = Operator(inputs)"; what begins with # is a constant, # alone is one number.
/// That ONNX Runtime really does them is for the audit over whole models to show.
/// </summary>
public sealed class FusionGroupTests
{
    public static TheoryData<string, string, string> Cases => new()
    {
        { "a convolution takes in what is constant for each channel, then an activation",
            "a=Conv(x,#w); b=BatchNormalization(a,#c,#c,#c,#c); c=Mul(b,#c11); d=Add(c,#c11); y=Relu(d)", "ConvActivation:a,b,c,d,y" },
        { "a value that is read twice is not taken in", "a=Conv(x,#w); y=Relu(a); z=Neg(a)", "Node:a Node:y Node:z" },
        { "an identity in between changes nothing", "a=Conv(x,#w); b=Identity(a); y=Relu(b)", "ConvActivation:a,b,y" },
        { "an addition goes into the convolution where the other operand is in blocks, too",
            "s=Conv(x,#w); t=Conv(x,#w2); u=Relu(t); a=Add(s,u); y=Relu(a)", "ConvActivation:t,u ConvAddActivation:s,a,y" },
        { "and not where it comes from outside", "s=Conv(x,#w); a=Add(s,x); y=Neg(a)", "Node:s Node:a Node:y" },
        { "padding", "p=Pad(x,#pads); y=Conv(p,#w)", "Conv:p,y" },
        { "a product and its bias", "a=MatMul(r,#m); b=Add(#v,a); y=Tanh(b)", "GemmActivation:a,b,y" },
        { "a scaled product", "a=MatMul(r,#m); y=Div(a,#)", "FusedMatMul:a,y" },
        { "two factors that are transposed", "a=Transpose(r); b=Transpose(q); y=MatMul(a,b)", "FusedMatMul:a,b,y" },
        { "a layer norm in its parts",
            "m=ReduceMean(r); d=Sub(r,m); p=Pow(d,#); v=ReduceMean(p); e=Add(v,#); s=Sqrt(e); n=Div(d,s); g=Mul(n,#v); y=Add(g,#v)",
            "LayerNormalization:m,d,p,v,e,s,n,g,y" },
        { "an RMS norm", "p=Pow(r,#); v=ReduceMean(p); e=Add(v,#); s=Sqrt(e); n=Div(r,s); y=Mul(#v,n)", "SimplifiedLayerNormalization:p,v,e,s,n,y" },
        { "GELU, the half last", "d=Div(r,#); e=Erf(d); o=Add(e,#); p=Mul(r,o); y=Mul(p,#)", "Gelu:d,e,o,p,y" },
        { "GELU, the half first", "d=Mul(r,#); e=Erf(d); o=Add(#,e); h=Mul(#,r); y=Mul(h,o)", "Gelu:d,e,o,h,y" },
        { "GELU with a bias", "r1=Add(r,#v); d=Div(r1,#); e=Erf(d); o=Add(e,#); p=Mul(r1,o); y=Mul(p,#)", "BiasGelu:r1,d,e,o,p,y" },
        { "GELU by tanh",
            "c=Pow(r,#); d=Mul(#,c); e=Add(r,d); f=Mul(e,#); t=Tanh(f); o=Add(t,#); h=Mul(r,#); y=Mul(h,o)", "FastGelu:c,d,e,f,t,o,h,y" },
        { "SiLU", "s=Sigmoid(r); y=Mul(r,s)", "QuickGelu:s,y" },
        { "dynamic quantisation",
            "b,s,z=DynamicQuantizeLinear(r); i=MatMulInteger(b,#w8,z,#z8); c=Cast(i); t=Mul(s,#); y=Mul(c,t)", "DynamicQuantizeMatMul:b,i,c,t,y" },
        { "an operator between its quantisers", "d=DequantizeLinear(b8,#); r1=Neg(d); y=QuantizeLinear(r1,#)", "Quantized:d,r1,y" },
        { "and with a Relu that rounding does", "d=DequantizeLinear(b8,#); a=Add(d,d); b=Relu(a); y=QuantizeLinear(b,#)", "Quantized:d,a,b,y" },
        { "a shape is computed beside the reshape it is for",
            "s=Shape(k); g=Gather(s,#i); u=Unsqueeze(g,#i); c=Concat(u,#i); y=Reshape(k,c)", "Small:s,g,u,c,y" },
        { "equal nodes are one", "a=Conv(x,#w); b=Relu(a); c=Relu(a); y=Neg(b); z=Exp(c)", "ConvActivation:a,b,c Node:y Node:z" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Finds(string what, string nodes, string groups)
    {
        PlanGraph graph = RandomGraphs.Plan(Parse(nodes));
        string found = string.Join(" ", graph.Groups.Select(g => g.Kind + ":" + string.Join(",", g.Nodes.Select(n => graph.Nodes[n].Outputs[0]))));
        // In any order: the groups say nothing of it beyond their dependencies.
        Assert.True(groups.Split(' ').Order().SequenceEqual(found.Split(' ').Order()), $"{what}: {found}");
    }

    /// <summary>Groups that must be in one segment, as the outputs of their nodes; groups alone are left out.</summary>
    public static TheoryData<string, string, string> Companions => new()
    {
        { "a sum goes into a convolution only where its other operand is in blocks: with the trunk, and what lies between",
            "t=Conv(x,#w); a=Relu(t); c=Conv(a,#w2); s=Add(c,a); y=Relu(s)", "t,a,c,s,y" },
        { "also where that is a pool of blocks", "t=Conv(x,#w); p=GlobalAveragePool(t); c=Conv(p,#w2); s=Add(c,p); y=Relu(s)", "p,c,s,y" },
        { "both operands of a sum, but not what makes them", "a=Conv(x,#w); b=Relu(a); c=Conv(b,#w2); d=Conv(b,#w); s=Add(c,d)", "c,d,s" },
        { "not where convolutions in between could run at once",
            "t=Conv(x,#w); a=Relu(t); b=Conv(a,#w); c=Conv(a,#w2); d=Concat(b,c); e=Conv(d,#w32); s=Add(e,a)", "" },
        { "nor where the sum takes nothing in", "t=Conv(x,#w); u=Neg(t); s=Add(u,t)", "" },
        { "a normalisation of blocks is a convolution that takes an activation along", "a=Conv(x,#w); b=Sigmoid(a); c=BatchNormalization(b,#c,#c,#c,#c); y=Relu(c)", "a,b,c,y" },
        { "what x · hardsigmoid(x) gives stays inside", "a=Conv(x,#w); h=HardSigmoid(a); m=Mul(a,h); y=Neg(m); z=Exp(m)", "a,h,m,y,z" },
        { "what ONNX Runtime removes as equal is not given away twice", "a=Conv(x,#w); b=Relu(a); c=Relu(a); y=Neg(b); z=Exp(c)", "a,b,c,y,z" },
        { "unless nothing takes it along", "b=Relu(x); c=Relu(x); y=Neg(b); z=Exp(c)", "" },
        { "a node of several inputs that does nothing is removed only inside", "a=Neg(x); b=Slice(a,#i,#max); y=Exp(b)", "a,b,y" },
        { "of one input at the beginning, too", "a=Neg(x); b=Identity(a); y=Exp(b)", "" },
    };

    [Theory]
    [MemberData(nameof(Companions))]
    public void Keeps_together_what_a_fusion_needs_beside_it(string what, string nodes, string units)
    {
        PlanGraph graph = RandomGraphs.Plan(Parse(nodes));
        int[] unitOf = CutUnits.OfGroups(graph).PartOf;
        string found = string.Join(" ", unitOf.Select((unit, node) => (unit, node)).Where(n => n.unit >= 0).GroupBy(n => n.unit)
            .Where(u => u.Select(n => graph.GroupOf[n.node]).Distinct().Count() > 1)
            .Select(u => string.Join(",", u.Select(n => graph.Nodes[n.node].Outputs[0]))));
        Assert.True(units == found, $"{what}: {found}");
    }

    /// <summary>Casts are looked through, but a file may have any number in a row: with a small stack, since nothing may go one deeper for each.</summary>
    [Fact]
    public void Very_many_casts_in_a_row_are_no_fusion()
    {
        const int Count = 20_000;
        GraphProto graph = new() { Name = "casts", Input = { Make.Value("c0", 4) }, Initializer = { Make.RandomFloats("w", 1, 4) }, Output = { Make.Value("y", 4) } };
        for (int i = 0; i < Count; i++)
            graph.Node.Add(Make.Node("Cast", ["c" + i], ["c" + (i + 1)], Make.Int("to", i % 2 == 0 ? 10 : 1)));
        graph.Node.Add(Make.Node("Mul", ["c" + Count, "w"], ["y"]));
        // Without one no norm is looked for.
        graph.Node.Add(Make.Node("ReduceMean", ["c0"], ["mean"]));
        graph.Output.Add(Make.Value("mean", 1));
        PlanGraph? planned = null;
        Thread thread = new(() => planned = RandomGraphs.Plan(Make.Model(graph)), 256 * 1024);
        thread.Start();
        thread.Join();
        Assert.DoesNotContain(planned!.Groups, g => g.Kind.EndsWith("LayerNormalization", StringComparison.Ordinal));
    }

    private static ModelProto Parse(string nodes)
    {
        GraphProto graph = new()
        {
            Name = "fusion",
            Input = { Make.Value("x", 1, 16, 8, 8), Make.Value("r", 4, 4), Make.Value("q", 4, 4), Make.Value("k", 2, 4, 4), Make.Typed("b8", 2, 1, 4) },
            Initializer =
            {
                Make.RandomFloats("#w", 1, 16, 16, 1, 1), Make.RandomFloats("#w2", 6, 16, 16, 1, 1), Make.RandomFloats("#c", 2, 16), Make.RandomFloats("#c11", 3, 16, 1, 1),
                Make.RandomFloats("#w32", 7, 16, 32, 1, 1), new TensorProto { Name = "#max", DataType = 7, Dims = { 1 }, Int64Data = { long.MaxValue } },
                Make.RandomFloats("#m", 4, 4, 4), Make.RandomFloats("#v", 5, 4), Make.Floats("#", [], 2),
                new TensorProto { Name = "#i", DataType = 7, Dims = { 1 }, Int64Data = { 0L } },
                new TensorProto { Name = "#pads", DataType = 7, Dims = { 8 }, Int64Data = { 0L, 0, 1, 1, 0, 0, 1, 1 } },
                new TensorProto { Name = "#w8", DataType = 3, Dims = { 4, 4 }, RawData = ByteString.CopyFrom(new byte[16]) },
                new TensorProto { Name = "#z8", DataType = 3, RawData = ByteString.CopyFrom(new byte[1]) },
            },
        };
        HashSet<string> read = [];
        foreach (string statement in nodes.Split("; "))
        {
            string[] sides = statement.TrimEnd(')').Split('=', '(');
            string[] inputs = sides[2].Split(',');
            read.UnionWith(inputs);
            graph.Node.Add(Make.Node(sides[1], inputs, sides[0].Split(',')));
            if (sides[1] is "Cast" or "Concat")
                graph.Node[^1].Attribute.Add(Make.Int(sides[1] == "Cast" ? "to" : "axis", 1));
        }
        foreach (NodeProto node in graph.Node.Where(n => !n.Output.Any(read.Contains)))
            graph.Output.Add(new ValueInfoProto { Name = node.Output[0] });
        return Make.Model(graph);
    }
}
