using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Shapes computed from constants that no exporter writes: inference knows less, and never throws.</summary>
public sealed class HostileShapeTests
{
    private const int Cases = 6000;

    private static readonly long[] Odd =
        [int.MaxValue, int.MinValue, int.MaxValue + 1L, 1L << 40, long.MaxValue, long.MinValue, long.MaxValue - 1, long.MinValue + 1, 64, 65, 1000, -100];

    private static readonly float[] OddFloats = [0, -1, 0.5f, 2, 1e30f, -1e30f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon];

    private static readonly long[] Opsets = [1, 4, 6, 9, 11, 13, 17, 18, 21, 24];

    // Each with the attributes that say something of its shape: i for a number, n for a list, t for a tensor.
    private static readonly string[] Operators =
    [
        "Slice n:starts n:ends n:axes", "Split i:axis n:split i:num_outputs", "Gather i:axis", "GatherElements i:axis", "GatherND i:batch_dims", "Concat i:axis",
        "Reshape n:shape i:allowzero", "Flatten i:axis", "Squeeze n:axes", "Unsqueeze n:axes", "Transpose n:perm", "Expand", "Tile", "Pad n:pads n:paddings",
        "DepthToSpace i:blocksize", "SpaceToDepth i:blocksize", "Range", "ConstantOfShape t:value", "Shape i:start i:end", "Size", "OneHot i:axis", "EyeLike i:dtype",
        "Add i:axis i:broadcast", "Sub i:axis i:broadcast", "Mul i:axis i:broadcast", "Div i:axis i:broadcast", "Mod i:fmod", "Pow i:axis i:broadcast", "Min", "Max", "Sum", "Mean",
        "Equal i:axis i:broadcast", "Less i:axis i:broadcast", "GreaterOrEqual", "And i:axis i:broadcast", "Or", "Xor", "Not", "Where", "Neg", "Abs", "Sign", "Ceil", "Floor", "Round",
        "Clip", "Cast i:to", "CastLike", "Identity", "CumSum", "ReduceSum n:axes i:keepdims i:noop_with_empty_axes", "ReduceProd n:axes i:keepdims", "ReduceMax n:axes i:keepdims",
        "ReduceMean n:axes i:keepdims", "ArgMax i:axis i:keepdims", "TopK i:axis i:k", "Compress i:axis", "NonZero", "Unique i:axis", "ScatterElements i:axis", "ScatterND",
        "Resize n:axes", "Upsample", "CenterCropPad n:axes", "Col2Im", "AffineGrid", "MaxUnpool n:kernel_shape n:strides", "DFT i:axis i:onesided", "STFT i:onesided", "HannWindow",
        "MelWeightMatrix", "SplitToSequence i:axis i:keepdims", "SequenceConstruct", "SequenceAt", "SequenceInsert", "ConcatFromSequence i:axis i:new_axis", "RandomNormal n:shape",
    ];

    [Fact]
    public void Nothing_that_shapes_are_computed_from_makes_inference_fail()
    {
        int inferred = 0, followed = 0;
        for (int seed = 0; seed < Cases; seed++)
        {
            ModelProto model = Model(new Random(seed));
            if (Read(model) is not { } read)
                continue;
            GraphFacts? facts = null;
            Exception? thrown = Record.Exception(() => facts = ShapeInference.Infer(read));
            Assert.True(thrown is null, $"seed {seed}: {thrown}\n{model}");
            inferred++;
            followed += model.Graph.Node.SelectMany(n => n.Output).Count(o => facts!.Of(o).Content is not null);
        }
        Assert.InRange(inferred, Cases * 9 / 10, Cases);
        // Nothing is tried where nothing is followed.
        Assert.True(followed > inferred, $"{followed} followed values in {inferred} models");
    }

    private static OnnxModel? Read(ModelProto model)
    {
        try
        {
            return ModelReader.Read(ByteSource.FromBytes(model.ToByteArray()), CancellationToken.None);
        }
        catch (ModelException)
        {
            return null;
        }
    }

    private static ModelProto Model(Random random)
    {
        List<TensorProto> constants = [];
        for (int i = 0; i < 8; i++)
            constants.Add(Constant("c" + Text(i), random, isFloat: i >= 6));
        List<string> values = ["x", .. constants.Select(c => c.Name)];
        List<NodeProto> nodes = [];
        for (int k = 0; k < 10; k++)
        {
            string[] outputs = [.. Enumerable.Range(0, random.Next(3) == 0 ? 2 : 1).Select(i => "v" + Text(k) + "_" + Text(i))];
            nodes.Add(Node(random, values, outputs));
            values.AddRange(outputs);
        }
        // Every value reaches a shape, so that constants are followed.
        foreach (string value in values.Skip(1).ToArray())
            nodes.Add(Make.Node("Reshape", [values[random.Next(values.Count)], value], ["r" + value]));
        GraphProto graph = Infer.Graph([Infer.Input("x", 1, "B", 4, "H")], [.. constants], [.. nodes]);
        for (int i = random.Next(4); i > 0; i--)
        {
            string name = nodes[random.Next(nodes.Count)].Output[0];
            graph.ValueInfo.Add(Make.Typed(name, random.Next(3) == 0 ? 1 : 7, [.. Enumerable.Range(0, random.Next(4)).Select(_ => Number(random))]));
        }
        return Make.Model(graph, opset: Opsets[random.Next(Opsets.Length)]);
    }

    private static NodeProto Node(Random random, List<string> values, string[] outputs)
    {
        string[] words = Operators[random.Next(Operators.Length)].Split(' ');
        string[] inputs = [.. Enumerable.Range(0, random.Next(8) == 0 ? random.Next(6) : random.Next(1, 4)).Select(_ => random.Next(12) == 0 ? "" : values[random.Next(values.Count)])];
        NodeProto node = Make.Node(words[0], inputs, outputs);
        foreach (string word in words.Skip(1).Where(_ => random.Next(3) > 0))
        {
            string name = word[2..];
            node.Attribute.Add(word[0] switch
            {
                'i' => Make.Int(name, Number(random)),
                'n' => Make.Ints(name, [.. Enumerable.Range(0, random.Next(4)).Select(_ => Number(random))]),
                _ => new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Tensor, T = Constant("", random, isFloat: false) },
            });
        }
        return node;
    }

    private static TensorProto Constant(string name, Random random, bool isFloat)
    {
        long[] dims = random.Next(8) switch
        {
            0 => [],
            1 or 2 => [1],
            3 or 4 => [random.Next(5)],
            5 => [random.Next(4), random.Next(1, 4)],
            6 => [1, random.Next(1, 4), 1],
            _ => [2],
        };
        int count = (int)dims.Aggregate(1L, (a, b) => a * b);
        return isFloat
            ? Make.Floats(name, dims, [.. Enumerable.Range(0, count).Select(_ => OddFloats[random.Next(OddFloats.Length)])])
            : Infer.Int64s(name, dims, [.. Enumerable.Range(0, count).Select(_ => Number(random))]);
    }

    private static long Number(Random random) => random.Next(4) == 0 ? Odd[random.Next(Odd.Length)] : random.Next(-2, 6);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
