using Cleave.Core.Diagnostics;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Onnx.BadInput;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Names of a graph that are missing or stand for two things.</summary>
public class BadNameTests
{
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

    [Fact]
    public void A_body_may_give_a_value_twice()
    {
        ModelProto model = Make.Small();
        GraphProto body = new() { Name = "twice", Node = { Make.Node("Neg", ["x"], ["n"]) }, Output = { new ValueInfoProto { Name = "n" }, new ValueInfoProto { Name = "n" } } };
        model.Graph.Node[0].Attribute.Add(Make.Body("b", body));
        Assert.Equal(2, Read(model.ToByteArray()).Graph.Nodes[0].Attributes[^1].Graphs[0].Outputs.Count);
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
}
