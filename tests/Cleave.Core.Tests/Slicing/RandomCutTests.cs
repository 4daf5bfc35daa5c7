using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Random graphs, cut in two at random, against the whole in ONNX Runtime.</summary>
public class RandomCutTests
{
    private static readonly string[] Binary = ["Add", "Mul", "Sub", "Max"];
    private static readonly string[] Unary = ["Neg", "Abs", "Tanh", "Sigmoid"];

    [Fact]
    public void Two_parts_of_any_convex_cut_give_what_the_whole_gives()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            ModelProto model = RandomModel(random);
            int cut = random.Next(1, model.Graph.Node.Count);
            CheckCut(model, [.. Enumerable.Range(0, cut)], [.. Enumerable.Range(cut, model.Graph.Node.Count - cut)]);
        }
    }

    private static ModelProto RandomModel(Random random)
    {
        GraphProto graph = new() { Name = "random", Input = { Make.Value("x0", 1, 4), Make.Value("x1", 1, 4) } };
        graph.Initializer.Add(Make.RandomFloats("w0", random.Next(), 1, 4));
        List<string> values = ["x0", "x1", "w0"];
        int count = random.Next(4, 20);
        for (int i = 0; i < count; i++)
        {
            string output = "v" + i;
            string Pick() => values[random.Next(Math.Max(0, values.Count - 6), values.Count)];
            graph.Node.Add(random.Next(6) switch
            {
                0 => Make.Constant(output, Make.RandomFloats("", random.Next(), 1, 4)),
                < 3 => Make.Node(Unary[random.Next(Unary.Length)], [Pick()], [output]),
                _ => Make.Node(Binary[random.Next(Binary.Length)], [Pick(), Pick()], [output]),
            });
            graph.ValueInfo.Add(Make.Value(output, 1, 4));
            values.Add(output);
        }
        HashSet<string> read = [.. graph.Node.SelectMany(n => n.Input)];
        foreach (NodeProto node in graph.Node)
        {
            if (!read.Contains(node.Output[0]) || random.Next(8) == 0)
                graph.Output.Add(Make.Value(node.Output[0], 1, 4));
        }
        return Make.Model(graph);
    }

    private static void CheckCut(ModelProto model, int[] first, int[] second)
    {
        // What each part reads and writes, found the plain way.
        GraphProto graph = model.Graph;
        HashSet<string> constant = ["w0"];
        foreach (NodeProto node in graph.Node)
        {
            if (node.Input.All(constant.Contains))
                constant.Add(node.Output[0]);
        }
        HashSet<string> outputs = [.. graph.Output.Select(o => o.Name)];
        SegmentRequest Request(string name, int[] own, int[] other, IEnumerable<string> more)
        {
            HashSet<string> made = [.. own.Select(i => graph.Node[i].Output[0])];
            HashSet<string> readElsewhere = [.. other.Where(i => !constant.Contains(graph.Node[i].Output[0])).SelectMany(i => graph.Node[i].Input)];
            return new SegmentRequest(name, own,
                [.. own.Where(i => !constant.Contains(graph.Node[i].Output[0])).SelectMany(i => graph.Node[i].Input).Distinct().Where(v => !constant.Contains(v) && !made.Contains(v))],
                [.. made.Where(v => !constant.Contains(v) && (outputs.Contains(v) || readElsewhere.Contains(v))), .. more]);
        }
        SegmentRequest one = Request("One", first, second, []);
        SegmentRequest two = Request("Two", second, first, outputs.Where(constant.Contains));
        using InferenceSession whole = Ort.Open(model.ToByteArray());
        Dictionary<string, NamedOnnxValue> values = Ort.RandomInputs(whole, 5, (_, _) => 1);
        Dictionary<string, NamedOnnxValue> expected = Ort.Run(whole, values.Values);
        foreach (SegmentRequest request in new[] { one, two })
        {
            if (request.Writes.Count == 0)
                continue;
            using InferenceSession part = Ort.Open(Slices.Of(model, request).Bytes);
            foreach ((string name, NamedOnnxValue value) in Ort.Run(part, [.. request.Reads.Select(r => values[r])]))
                values[name] = value;
        }
        Ort.Equal(expected, expected.Keys.ToDictionary(k => k, k => values[k]));
    }
}
