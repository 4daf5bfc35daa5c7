using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Xunit;
using Xunit.Abstractions;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Models.Tests.Shapes;

/// <summary>Node models with something wrong in them: an attribute, an input, a shape, the operator. Inference finds less, and nothing else happens.</summary>
public sealed class HostileNodeTests(ITestOutputHelper output)
{
    private static readonly long[] Odd =
        [0, 1, -1, 2, -2, 3, 7, 64, 65, 1000, int.MaxValue, int.MinValue, (long)int.MaxValue + 1, 1L << 40, long.MaxValue, long.MinValue, long.MaxValue - 1];

    [SkippableFact]
    public void Nothing_in_a_node_makes_inference_or_the_search_for_a_batch_axis_fail_or_hang()
    {
        Skip.If(NodeModels.All.Count == 0, NodeModels.WhySkipped);
        string[] operators = [.. OperatorTable.All.Where(r => r.Domain.Length == 0).Select(r => r.OpType)];
        int inferred = 0, proven = 0;
        long slowest = 0;
        for (int i = 0; i < NodeModels.All.Count; i++)
        {
            byte[] sound = File.ReadAllBytes(NodeModels.All[i]);
            if (sound.Length > 100_000)
                continue;
            for (int round = 0; round < 6; round++)
            {
                Random random = new((i * 100) + round);
                ModelProto model = ModelProto.Parser.ParseFrom(sound);
                string change = "";
                if (round % 2 == 1)
                    NameFirstDimensions(model.Graph);
                for (int changes = random.Next(1, 4); changes > 0; changes--)
                    change += Break(model, random, operators) + "; ";
                if (Read(model) is not { } read)
                    continue;
                Stopwatch watch = Stopwatch.StartNew();
                Exception? thrown = Record.Exception(() => proven += BatchAxis.Find(ShapeInference.Infer(read), [.. read.Graph.Outputs.Select(o => o.Name)]).Holds ? 1 : 0);
                slowest = Math.Max(slowest, watch.ElapsedMilliseconds);
                Assert.True(thrown is null, $"{NodeModels.All[i]}, round {round}: {change}{thrown}");
                inferred++;
            }
        }
        output.WriteLine(FormattableString.Invariant($"{inferred} broken models, {proven} with a batch axis all the same, the slowest took {slowest} ms"));
        Assert.True(inferred > 5000);
        Assert.True(proven > 100);
        Assert.True(slowest < 5000);
    }

    // Without a name that all inputs have no rule for the batch is asked.
    private static void NameFirstDimensions(GraphProto graph)
    {
        foreach (ValueInfoProto input in graph.Input)
        {
            if (input.Type?.TensorType?.Shape is { Dim.Count: > 0 } shape)
                shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimParam = "batch" };
        }
    }

    // Null where already the reader refuses it.
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

    private static string Break(ModelProto model, Random random, string[] operators)
    {
        GraphProto graph = model.Graph;
        NodeProto node = graph.Node[random.Next(graph.Node.Count)];
        GraphProto[] bodies = [.. node.Attribute.Where(a => a.G is not null).Select(a => a.G)];
        if (bodies.Length > 0 && bodies[0].Node.Count > 0 && random.Next(2) == 0)
            node = bodies[0].Node[random.Next(bodies[0].Node.Count)];
        switch (random.Next(8))
        {
            case 0:
                node.OpType = operators[random.Next(operators.Length)];
                return "operator " + node.OpType;
            case 1 when node.Attribute.Count > 0:
                node.Attribute.RemoveAt(random.Next(node.Attribute.Count));
                return "an attribute is gone";
            case 2 when node.Input.Count > 0:
                node.Input.RemoveAt(random.Next(node.Input.Count));
                return "an input is gone";
            case 3 when node.Input.Count > 0:
                node.Input[random.Next(node.Input.Count)] = random.Next(2) == 0 ? "" : node.Input[random.Next(node.Input.Count)];
                return "another input";
            case 4 when graph.Input.Count > 0:
                return BreakShape(graph.Input[random.Next(graph.Input.Count)], random);
            case 5:
                node.Output.Add("more" + random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture));
                return "one more output";
            case 6 when graph.Initializer.Count > 0:
                return BreakNumbers(graph.Initializer[random.Next(graph.Initializer.Count)].Int64Data, random);
            default:
                return BreakAttribute(node, random);
        }
    }

    private static string BreakAttribute(NodeProto node, Random random)
    {
        if (node.Attribute.Count == 0)
            return "";
        AttributeProto attribute = node.Attribute[random.Next(node.Attribute.Count)];
        if (attribute.Type == Kind.Int)
            attribute.I = Odd[random.Next(Odd.Length)];
        else if (attribute.Type == Kind.Ints)
            BreakNumbers(attribute.Ints, random);
        else if (attribute.Type == Kind.String)
            attribute.S = ByteString.CopyFromUtf8(new string('.', random.Next(6)));
        else if (attribute.T is not null)
            BreakNumbers(attribute.T.Int64Data, random);
        return "attribute " + attribute.Name;
    }

    private static string BreakNumbers(RepeatedField<long> numbers, Random random)
    {
        if (numbers.Count == 0 || random.Next(4) == 0)
            numbers.Add(Odd[random.Next(Odd.Length)]);
        else if (random.Next(4) == 0)
            numbers.RemoveAt(random.Next(numbers.Count));
        else
            numbers[random.Next(numbers.Count)] = Odd[random.Next(Odd.Length)];
        return "numbers " + numbers;
    }

    private static string BreakShape(ValueInfoProto input, Random random)
    {
        if (input.Type?.TensorType is not { } tensor)
            return "";
        tensor.Shape ??= new TensorShapeProto();
        if (random.Next(6) == 0)
            tensor.Shape = null;
        else if (tensor.Shape.Dim.Count == 0 || random.Next(3) == 0)
            tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = Odd[random.Next(Odd.Length)] });
        else if (random.Next(3) == 0)
            tensor.Shape.Dim.RemoveAt(random.Next(tensor.Shape.Dim.Count));
        else if (random.Next(2) == 0)
            tensor.Shape.Dim[random.Next(tensor.Shape.Dim.Count)] = new TensorShapeProto.Types.Dimension { DimParam = "N" };
        else
            tensor.Shape.Dim[random.Next(tensor.Shape.Dim.Count)] = new TensorShapeProto.Types.Dimension { DimValue = Odd[random.Next(Odd.Length)] };
        return $"{input.Name} is {tensor.Shape}";
    }
}
