using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>What a model is made ready with before anything is rounded gives the same numbers.</summary>
public sealed class FloatModelTests
{
    private const int Side = 16;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_norm_behind_a_convolution_is_taken_into_its_weights(bool bias)
    {
        ModelProto model = Normalised(bias);
        float[] before = Run(model);
        ModelEdit edit = new(model);

        Assert.Equal(1, FoldedNorms.Apply(edit));

        Assert.DoesNotContain(model.Graph.Node, static n => n.OpType == "BatchNormalization");
        AssertClose(before, Run(model));
    }

    [Fact]
    public void A_norm_whose_convolution_someone_else_reads_stays()
    {
        ModelProto model = Normalised(bias: true);
        model.Graph.Output.Add(TinyModel.Value(model.Graph.Node.Single(static n => n.OpType == "Conv").Output[0], TinyModel.Float, 1, 8, Side, Side));

        Assert.Equal(0, FoldedNorms.Apply(new ModelEdit(model)));
    }

    [Theory]
    [InlineData("by place")]
    [InlineData("of the batch")]
    public void A_norm_that_is_not_by_channel_stays(string how)
    {
        ModelProto model = Normalised(bias: true);
        if (how == "by place")
        {
            // Operator sets up to 8 knew spatial=0.
            for (int i = 0; i < model.Graph.Initializer.Count; i++)
            {
                if (model.Graph.Initializer[i].Name is "scale" or "shift" or "mean" or "variance")
                    model.Graph.Initializer[i] = FloatTensors.Make(model.Graph.Initializer[i].Name, [8, Side, Side], new float[8 * Side * Side]);
            }
        }
        else
        {
            With(model.Graph.Node[1], new AttributeProto { Name = "training_mode", Type = AttributeProto.Types.AttributeType.Int, I = 1 });
        }

        Assert.Equal(0, FoldedNorms.Apply(new ModelEdit(model)));
    }

    [Fact]
    public void A_bound_has_the_type_of_what_it_bounds()
    {
        ModelProto model = Old();
        GraphProto graph = model.Graph;
        graph.Node.Insert(1, With(TinyModel.Node("Cast", ["d"], "double"), new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)ElementType.Double }));
        NodeProto clip = graph.Node.Single(static n => n.OpType == "Clip");
        (clip.Input[0], clip.Output[0]) = ("double", "bounded");
        graph.Node.Insert(3, With(TinyModel.Node("Cast", ["bounded"], "clipped"), new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (int)ElementType.Float }));

        Assert.True(OpsetUpgrade.Apply(new ModelEdit(model)));

        // Before operator set 11 ONNX Runtime clips floats only; now it runs.
        Assert.Equal((3 * Side, 0.3f), (Run(model).Length, Assert.Single(graph.Initializer, static i => i.Name.EndsWith("max", StringComparison.Ordinal)).DoubleData.Select(static d => (float)d).Single()));
    }

    [Fact]
    public void Operators_that_only_took_more_types_are_lifted()
    {
        ModelProto model = Old();
        model.Graph.Node[^1].Output[0] = "p";
        model.Graph.Node.Add([TinyModel.Node("Sin", ["p"], "s"), TinyModel.Node("Cosh", ["s"], "c"), With(TinyModel.Node("ReduceL2", ["c"], "n"),
            new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1 } }), TinyModel.Node("Mul", ["c", "n"], "y")]);
        float[] before = Run(model);

        Assert.True(OpsetUpgrade.Apply(new ModelEdit(model)));

        AssertClose(before, Run(model));
    }

    [Fact]
    public void A_model_of_an_older_operator_set_gives_the_same_after_it_is_lifted()
    {
        ModelProto model = Old();
        float[] before = Run(model);

        Assert.True(OpsetUpgrade.Apply(new ModelEdit(model)));

        Assert.Equal(13, model.OpsetImport.Single().Version);
        AssertClose(before, Run(model));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_sizes_of_a_split_become_an_input_where_they_are_stated(bool stated)
    {
        ModelProto model = new() { IrVersion = 6, OpsetImport = { new OperatorSetIdProto { Version = 11 } }, Graph = new GraphProto { Name = "split" } };
        model.Graph.Input.Add(TinyModel.Value("x", TinyModel.Float, 3, Side));
        model.Graph.Output.Add(TinyModel.Value("y", TinyModel.Float, 3, Side));
        NodeProto split = new() { OpType = "Split", Name = "split", Input = { "x" }, Output = { "a", "b" } };
        AttributeProto axis = new() { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 1 };
        split.Attribute.Add(axis);
        if (stated)
            split.Attribute.Add(new AttributeProto { Name = "split", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 4, Side - 4 } });
        model.Graph.Node.Add([split, With(TinyModel.Node("Concat", ["b", "a"], "y"), axis)]);
        float[] before = Run(model);

        Assert.True(OpsetUpgrade.Apply(new ModelEdit(model)));

        Assert.Equal(stated ? 2 : 1, split.Input.Count);
        Assert.Equal(before, Run(model));
    }

    [Fact]
    public void An_operator_that_means_something_else_now_is_named()
    {
        ModelProto model = Old();
        model.Graph.Initializer.Add(FloatTensors.Make("scales", [2], [1, 2]));
        model.Graph.Node.Add(new NodeProto { OpType = "Upsample", Name = "bigger", Input = { "y", "scales" }, Output = { "z" } });

        RewriteException refused = Assert.Throws<RewriteException>(() => OpsetUpgrade.Apply(new ModelEdit(model)));

        Assert.Contains("Upsample 'bigger'", refused.Message);
        Assert.Contains("Export it for operator set 13 or later", refused.Message);
    }

    [Fact]
    public void A_softmax_over_several_axes_is_refused()
    {
        ModelProto model = Old();
        model.Graph.Node.Single(static n => n.OpType == "Softmax").Attribute.Single().I = 1;
        model.Graph.Node.Remove(model.Graph.Node.Single(static n => n.OpType == "Squeeze"));
        model.Graph.Node.Single(static n => n.OpType == "Softmax").Input[0] = "wide";

        Assert.Contains("Softmax", Assert.Throws<RewriteException>(() => OpsetUpgrade.Apply(new ModelEdit(model))).Message);
    }

    private static ModelProto Normalised(bool bias)
    {
        SeededRandom random = new(9);
        TensorProto Floats(string name, bool positive, params long[] dims) => FloatTensors.Make(
            name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)(random.Fraction() - (positive ? -0.1 : 0.5)))]);
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "normalised" } };
        GraphProto graph = model.Graph;
        graph.Input.Add(TinyModel.Value("x", TinyModel.Float, 1, 3, Side, Side));
        graph.Output.Add(TinyModel.Value("y", TinyModel.Float, 1, 8, Side, Side));
        graph.Initializer.Add([Floats("w", false, 8, 3, 3, 3), Floats("scale", true, 8), Floats("shift", false, 8), Floats("mean", false, 8), Floats("variance", true, 8)]);
        NodeProto conv = TinyModel.Node("Conv", ["x", "w"], "c");
        conv.Attribute.Add(new AttributeProto { Name = "pads", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 1, 1, 1, 1 } });
        if (bias)
        {
            graph.Initializer.Add(Floats("b", false, 8));
            conv.Input.Add("b");
        }
        graph.Node.Add([conv, TinyModel.Node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], "y")]);
        return model;
    }

    // Dropout, Unsqueeze, Squeeze, Clip and Softmax as they were in operator set 9.
    private static ModelProto Old()
    {
        ModelProto model = new() { IrVersion = 4, OpsetImport = { new OperatorSetIdProto { Version = 9 } }, Graph = new GraphProto { Name = "old" } };
        GraphProto graph = model.Graph;
        graph.Input.Add(TinyModel.Value("x", TinyModel.Float, 3, Side));
        graph.Output.Add(TinyModel.Value("y", TinyModel.Float, 3, Side));
        graph.Node.Add(With(TinyModel.Node("Dropout", ["x"], "d"), new AttributeProto { Name = "ratio", Type = AttributeProto.Types.AttributeType.Float, F = 0.5f }));
        graph.Node.Add(With(TinyModel.Node("Clip", ["d"], "clipped"),
            new AttributeProto { Name = "min", Type = AttributeProto.Types.AttributeType.Float, F = -0.2f }, new AttributeProto { Name = "max", Type = AttributeProto.Types.AttributeType.Float, F = 0.3f }));
        graph.Node.Add(With(TinyModel.Node("Unsqueeze", ["clipped"], "wide"), new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 0 } }));
        graph.Node.Add(With(TinyModel.Node("Squeeze", ["wide"], "flat"), new AttributeProto { Name = "axes", Type = AttributeProto.Types.AttributeType.Ints, Ints = { 0 } }));
        graph.Node.Add(With(TinyModel.Node("Softmax", ["flat"], "y"), new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 1 }));
        return model;
    }

    private static NodeProto With(NodeProto node, params AttributeProto[] attributes)
    {
        node.Attribute.Add(attributes);
        return node;
    }

    private static float[] Run(ModelProto model)
    {
        using SessionOptions options = new() { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL };
        using InferenceSession session = new(model.ToByteArray(), options);
        long[] shape = [.. session.InputMetadata["x"].Dimensions.Select(static d => (long)d)];
        SeededRandom random = new(11);
        float[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)(random.Fraction() - 0.5))];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(values, shape);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, new Dictionary<string, OrtValue> { ["x"] = input }, ["y"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static void AssertClose(float[] one, float[] other)
    {
        Assert.Equal(one.Length, other.Length);
        Assert.All(one.Zip(other), static p => Assert.InRange(Math.Abs(p.First - p.Second), 0, 1e-5));
    }
}
