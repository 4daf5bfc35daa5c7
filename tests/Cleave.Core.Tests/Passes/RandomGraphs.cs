using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Core.Tests.Passes;

/// <summary>Random graphs for planners: branches, joins, constants, dead nodes, values that cannot be cut, quantised parts.</summary>
internal static class RandomGraphs
{
    private static readonly string[] Unary = ["Neg", "Abs", "Tanh", "Sigmoid", "Relu", "Identity"];

    public static ModelProto Make(int seed, int nodes)
    {
        Random random = new(seed);
        GraphProto graph = new() { Name = "random", Input = { Tests.Make.Value("x0", 1, 4), Tests.Make.Value("x1", 1, 4) } };
        graph.Initializer.Add(Tests.Make.RandomFloats("w0", random.Next(), 1, 4));
        graph.Initializer.Add(Tests.Make.Floats("scale", [], 0.1f));
        List<string> values = ["x0", "x1", "w0"];
        for (int i = 0; i < nodes; i++)
        {
            string output = "v" + i;
            string Pick() => values[random.Next(Math.Max(0, values.Count - 8), values.Count)];
            switch (random.Next(12))
            {
                case 0:
                    graph.Node.Add(Tests.Make.Constant(output, Tests.Make.RandomFloats("", random.Next(), 1, 4)));
                    break;
                case < 6:
                    graph.Node.Add(Tests.Make.Node(Unary[random.Next(Unary.Length)], [Pick()], [output]));
                    break;
                case 6:
                    // Ends with a sequence, and begins again: nothing can be cut in between.
                    graph.Node.Add(Tests.Make.Node("SequenceConstruct", [Pick(), Pick()], [output + "_list"]));
                    graph.Node.Add(Tests.Make.Node("ConcatFromSequence", [output + "_list"], [output + "_long"], Tests.Make.Int("axis", 0)));
                    graph.Node.Add(Tests.Make.Node("ReduceMean", [output + "_long"], [output], Tests.Make.Ints("axes", 0)));
                    break;
                case 7:
                    graph.Node.Add(Tests.Make.Node("QuantizeLinear", [Pick(), "scale"], [output + "_q"]));
                    graph.Node.Add(Tests.Make.Node("DequantizeLinear", [output + "_q", "scale"], [output + "_d"]));
                    graph.Node.Add(Tests.Make.Node("Neg", [output + "_d"], [output]));
                    // Others may read it, too: then all of them are one group.
                    values.Add(output + "_d");
                    break;
                default:
                    graph.Node.Add(Tests.Make.Node(random.Next(2) == 0 ? "Add" : "Max", [Pick(), Pick()], [output]));
                    break;
            }
            values.Add(output);
        }
        HashSet<string> read = [.. graph.Node.SelectMany(n => n.Input)];
        // Some of those that nobody reads stay dead.
        foreach (string value in values.Where(v => v[0] == 'v' && (!read.Contains(v) ? random.Next(4) > 0 : random.Next(10) == 0)))
            graph.Output.Add(Tests.Make.Value(value, 1, 4));
        if (graph.Output.Count == 0)
            graph.Output.Add(Tests.Make.Value(values[^1], 1, 4));
        return Tests.Make.Model(graph);
    }

    public static PlanGraph Plan(ModelProto model)
    {
        byte[] bytes = model.ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        return PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(source, CancellationToken.None)));
    }
}
