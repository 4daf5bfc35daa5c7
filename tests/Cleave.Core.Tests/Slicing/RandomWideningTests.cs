using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Random graphs of 16-bit floats, whole and cut in two, widened: they give what the same graph of 32-bit floats gives on the same weights, rounded at the end.</summary>
public class RandomWideningTests
{
    private static readonly string[] Binary = ["Add", "Mul", "Sub", "Max"];
    private static readonly string[] Unary = ["Neg", "Abs", "Tanh", "Sigmoid"];

    [Fact]
    public void Widened_whole_or_in_two_parts_it_computes_as_in_32_bits()
    {
        for (int seed = 0; seed < 80; seed++)
        {
            (ModelProto half, ModelProto full) = Pair(seed);
            Random random = new(seed + 1000);
            Dictionary<string, float[]> inputs = new() { ["x0"] = Values(random), ["x1"] = Values(random) };
            Dictionary<string, float[]> expected = HalfModels.Run(full.ToByteArray(), inputs);
            SubModel whole = HalfModels.Widen(half);
            Assert.Null(whole.WhyNotWidened);
            Near(expected, HalfModels.Run(whole.Bytes, inputs), seed);
            Near(expected, InTwo(half, inputs, random.Next(1, half.Graph.Node.Count)), seed);
        }
    }

    [Fact]
    public void Equal_models_give_equal_bytes()
    {
        ModelProto model = Pair(3).Half;
        Assert.Equal(HalfModels.Widen(model).Bytes, HalfModels.Widen(model).Bytes);
    }

    // Every operator is made twice: with halves and with floats. A rounding for its own sake is there in both.
    private static (ModelProto Half, ModelProto Full) Pair(int seed)
    {
        Random random = new(seed);
        GraphProto half = new() { Name = "random" }, full = new() { Name = "random" };
        foreach (string input in new[] { "x0", "x1" })
        {
            half.Input.Add(Make.Typed(input, HalfModels.HalfType, 1, 4));
            full.Input.Add(Make.Value(input, 1, 4));
        }
        Weight("w0");
        List<string> values = ["x0", "x1", "w0"];
        int count = random.Next(4, 20);
        for (int i = 0; i < count; i++)
        {
            string output = "v" + i;
            int kind = random.Next(8);
            if (kind == 0)
            {
                float[] constant = Values(random);
                half.Node.Add(Make.Constant(output, HalfModels.Halves("", [1, 4], constant)));
                full.Node.Add(Make.Constant(output, Make.Floats("", [1, 4], Rounded(constant))));
            }
            else if (kind == 1)
            {
                string from = Pick();
                // Up, so that what follows rounds; and as exporters keep single operators in 32 bits.
                half.Node.Add(Make.Node("Cast", [from], [output + "/up"], Make.Int("to", 1)));
                half.Node.Add(Make.Node("Exp", [output + "/up"], [output + "/exp"]));
                half.Node.Add(Make.Node("Cast", [output + "/exp"], [output], Make.Int("to", HalfModels.HalfType)));
                full.Node.Add(Make.Node("Exp", [from], [output]));
            }
            else if (kind == 2)
            {
                string from = Pick();
                half.Node.Add(Make.Node("Cast", [from], [output + "/up"], Make.Int("to", 1)));
                half.Node.Add(Make.Node("Sin", [output + "/up"], [output + "/sin"]));
                half.Node.Add(Make.Node("Cast", [output + "/sin"], [output], Make.Int("to", HalfModels.HalfType)));
                half.Node.Add(Make.Node("Cast", [output], [output + "/again"], Make.Int("to", 1)));
                full.Node.Add(Make.Node("Sin", [from], [output + "/sin"]));
                full.Node.Add(Make.Node("Cast", [output + "/sin"], [output + "/rounded"], Make.Int("to", HalfModels.HalfType)));
                full.Node.Add(Make.Node("Cast", [output + "/rounded"], [output], Make.Int("to", 1)));
            }
            else
            {
                NodeProto node = kind < 5 ? Make.Node(Unary[random.Next(Unary.Length)], [Pick()], [output]) : Make.Node(Binary[random.Next(Binary.Length)], [Pick(), Pick()], [output]);
                half.Node.Add(node);
                full.Node.Add(node);
            }
            if (random.Next(2) == 0)
                half.ValueInfo.Add(Make.Typed(output, HalfModels.HalfType, 1, 4));
            values.Add(output);
        }
        HashSet<string> read = [.. half.Node.SelectMany(n => n.Input)];
        foreach (string value in values.Where(v => v.StartsWith('v') && (!read.Contains(v) || random.Next(8) == 0)))
        {
            half.Output.Add(Make.Typed(value, HalfModels.HalfType, 1, 4));
            full.Output.Add(Make.Value(value, 1, 4));
        }
        return (Make.Model(half), Make.Model(full));

        string Pick() => values[random.Next(Math.Max(0, values.Count - 6), values.Count)];

        void Weight(string name)
        {
            float[] weight = Values(random);
            half.Initializer.Add(HalfModels.Halves(name, [1, 4], weight));
            full.Initializer.Add(Make.Floats(name, [1, 4], Rounded(weight)));
        }
    }

    private static Dictionary<string, float[]> InTwo(ModelProto model, IReadOnlyDictionary<string, float[]> inputs, int cut)
    {
        GraphProto graph = model.Graph;
        HashSet<string> constant = ["w0"], outputs = [.. graph.Output.Select(o => o.Name)];
        foreach (NodeProto node in graph.Node)
        {
            if (node.Input.All(constant.Contains))
                constant.UnionWith(node.Output);
        }
        int[] first = [.. Enumerable.Range(0, cut)], second = [.. Enumerable.Range(cut, graph.Node.Count - cut)];
        Dictionary<string, float[]> values = new(inputs);
        foreach (SegmentRequest request in new[] { Request("One", first, second, []), Request("Two", second, first, outputs.Where(constant.Contains)) })
        {
            if (request.Writes.Count == 0)
                continue;
            SubModel part = HalfModels.Widen(model, request);
            // Between the parts there are floats.
            Assert.All(HalfModels.Parse(part).Graph.Input.Concat(HalfModels.Parse(part).Graph.Output), v =>
                Assert.Equal(v.Name is "x0" or "x1" || outputs.Contains(v.Name), v.Type.TensorType.ElemType == HalfModels.HalfType));
            foreach ((string name, float[] value) in HalfModels.Run(part.Bytes, values))
                values[name] = value;
        }
        return outputs.ToDictionary(o => o, o => values[o]);

        SegmentRequest Request(string name, int[] own, int[] other, IEnumerable<string> more)
        {
            HashSet<string> made = [.. own.Select(i => graph.Node[i].Output[0])];
            HashSet<string> elsewhere = [.. other.Where(i => !constant.Contains(graph.Node[i].Output[0])).SelectMany(i => graph.Node[i].Input)];
            string[] reads = [.. own.Where(i => !constant.Contains(graph.Node[i].Output[0])).SelectMany(i => graph.Node[i].Input).Distinct().Where(v => !constant.Contains(v) && !made.Contains(v))];
            string[] writes = [.. made.Where(v => !constant.Contains(v) && (outputs.Contains(v) || elsewhere.Contains(v))), .. more];
            return new SegmentRequest(name, own, reads, writes)
            {
                Types = reads.Concat(writes).Distinct().ToDictionary(v => v, v => new OnnxType.Tensor(v.Contains('/') ? ElementType.Float : ElementType.Float16, [Dimension.Fixed(1), Dimension.Fixed(4)])),
            };
        }
    }

    private static float[] Values(Random random) => [.. Enumerable.Range(0, 4).Select(_ => (float)(System.Half)(random.NextSingle() * 2 - 1))];

    private static float[] Rounded(float[] values) => [.. values.Select(v => (float)(System.Half)v)];

    // A step of 16 bits: the last rounding may fall on the other side, and an output that a second part reads is rounded once more.
    private static void Near(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual, int seed)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach ((string name, float[] wanted) in expected)
        {
            float range = Math.Max(0.1f, wanted.Max(Math.Abs));
            Assert.True(wanted.Zip(actual[name], (w, g) => Math.Abs(w - g)).All(d => d <= 4e-3f * range), $"seed {seed}, {name}: {string.Join(" ", wanted)} but {string.Join(" ", actual[name])}");
        }
    }
}
