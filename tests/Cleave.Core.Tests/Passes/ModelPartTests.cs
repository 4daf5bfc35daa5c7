using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Passes;

/// <summary>Which values can be chosen as outputs, and what they need.</summary>
public class ModelPartTests
{
    // left -> l -> y, right -> r -> z; If with a body; a sequence; an operator nobody knows.
    private static ModelProto Towers()
    {
        GraphProto body = new() { Name = "body", Output = { Make.Value("inside", 1, 4) }, Node = { Make.Node("Neg", ["l"], ["inside"]) } };
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "towers",
            Input = { Make.Value("left", 1, 4), Make.Value("right", 1, 4), Make.Typed("go", 9) },
            Output = { Make.Value("y", 1, 4), Make.Value("z", 1, 4), Make.Value("branch", 1, 4), Make.Value("right", 1, 4), Make.Value("fixed", 1, 4) },
            ValueInfo = { Make.Value("l", 1, 4) },
            Initializer = { Make.Floats("w", [1, 4], 1, 2, 3, 4), Make.Floats("v", [1, 4], 5, 6, 7, 8) },
            Node =
            {
                Make.Node("Add", ["left", "w"], ["l"]),
                Make.Node("Mul", ["right", "v"], ["r"]),
                Make.Node("Add", ["w", "v"], ["constant"]),
                Make.Node("Add", ["w", "w"], ["fixed"]),
                Make.Node("Mul", ["l", "constant"], ["y"]),
                Make.Node("Neg", ["r"], ["z"]),
                Make.Node("If", ["go"], ["branch"], Make.Body("then_branch", body), Make.Body("else_branch", body)),
                Make.Node("Mystery", ["l"], ["hidden"]),
            },
        });
        model.Graph.Node[7].Domain = "com.example";
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.example", Version = 1 });
        return model;
    }

    [Fact]
    public void A_part_is_what_its_outputs_need()
    {
        List<Problem> problems = [];
        ModelPart part = ModelPart.For(Read(Towers()), ["l", "y"], problems)!;
        Assert.Empty(problems);
        Assert.Equal([0, 4], part.Nodes);
        Assert.Equal(["left", "w", "v"], new[] { "left", "right", "w", "v", "go" }.Where(part.Reads));
        Assert.Equal("float [1,4]", part.FactsOf("l").ToString());
    }

    [Fact]
    public void Values_that_a_body_takes_from_outside_are_needed()
    {
        ModelPart part = ModelPart.For(Read(Towers()), ["branch"], [])!;
        Assert.Equal([0, 6], part.Nodes);
        Assert.True(part.Reads("left") && part.Reads("go") && !part.Reads("right"));
    }

    [Fact]
    public void Outputs_of_the_model_may_be_inputs_and_constants()
    {
        ModelPart part = ModelPart.For(Read(Towers()), ["fixed", "right"], [])!;
        Assert.Empty(part.Nodes);
        Assert.True(part.Reads("right") && !part.Reads("left"));
    }

    [Theory]
    [InlineData("y z branch right fixed", true)]
    [InlineData("right fixed z branch y", true)]
    [InlineData("y z branch right", false)]
    [InlineData("y z branch right l", false)]
    [InlineData("y y z branch right", false)]
    public void The_models_own_outputs_in_any_order_are_the_whole_model(string names, bool whole) =>
        Assert.Equal(whole, ModelPart.IsWhole(Read(Towers()), names.Split(' ')));

    [Theory]
    [InlineData("left", "CLV2011", "it is an input")]
    [InlineData("w", "CLV2011", "it is an initializer, the same in every call")]
    [InlineData("constant", "CLV2011", "it is the same in every call, since it depends on no input")]
    [InlineData("inside", "CLV2011", "it is inside a body of the node 'If_branch' (If)")]
    [InlineData("hidden", "CLV2011", "its element type is not known: it is made by the operator com.example.Mystery")]
    [InlineData("words", "CLV2011", "it is a sequence, and only tensors can be outputs")]
    [InlineData("brnch", "CLV2010", "the nearest: 'branch'")]
    [InlineData("lift", "CLV2010", "no name is like it")]
    public void What_cannot_be_chosen_is_a_problem_that_says_why(string name, string id, string why)
    {
        ModelProto model = Towers();
        ValueInfoProto words = new() { Name = "words", Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = Make.Value("", 1).Type } } };
        model.Graph.Input.Add(words);
        model.Graph.Output.Add(words);
        List<Problem> problems = [];
        Assert.Null(ModelPart.For(Read(model), ["y", name], problems));
        Problem problem = Assert.Single(problems);
        Assert.Equal((id, name, why), (problem.Rule.Id, problem.Arguments[0], problem.Arguments[1]));
    }

    [Fact]
    public void A_name_that_stands_twice_is_a_problem_once()
    {
        List<Problem> problems = [];
        Assert.Null(ModelPart.For(Read(Towers()), ["y", "l", "y"], problems));
        Assert.Equal("CLV2012", Assert.Single(problems).Rule.Id);
    }

    [Fact]
    public void The_files_word_counts_where_the_operator_is_unknown()
    {
        ModelProto model = Towers();
        model.Graph.ValueInfo.Add(Make.Typed("hidden", 7, 3, -1));
        List<Problem> problems = [];
        ModelPart part = ModelPart.For(Read(model), ["hidden"], problems)!;
        Assert.Empty(problems);
        Assert.Equal(ElementType.Int64, part.FactsOf("hidden").Element);
        Assert.Equal(3, part.FactsOf("hidden").Shape![0].Value);
        Assert.False(part.FactsOf("hidden").Shape![1].IsKnown);
    }

    private static OnnxModel Read(ModelProto model)
    {
        using ByteSource source = ByteSource.FromBytes(model.ToByteArray());
        return ModelReader.Read(source, CancellationToken.None);
    }
}
