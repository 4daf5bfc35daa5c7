using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit.Generation;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using Xunit.Abstractions;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Models.Tests.Shapes;

/// <summary>
/// Convolutions and pools with random windows: what inference says of numbers, and of named dimensions, against what ONNX Runtime
/// does. Its arithmetic differs in places from the specification's, and changed with its versions.
/// </summary>
public sealed class WindowFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Operators = ["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool"];
    private static readonly string[] Padding = ["", "", "VALID", "SAME_UPPER", "SAME_LOWER"];
    private static readonly long[] Opsets = [11, 12, 18, 19, 22];

    [Fact]
    public void Windows_take_as_many_places_as_in_ONNX_Runtime()
    {
        const int cases = 1500;
        int ran = 0, unknown = 0;
        List<string> wrong = [];
        for (int i = 0; i < cases; i++)
        {
            Random random = new(i);
            NodeProto node = RandomNode(random, out int rank, out bool weights);
            long opset = Opsets[random.Next(Opsets.Length)];
            long[] input = [random.Next(1, 3), 2, .. Sizes(random, rank, 1, 14)];
            long[] kernel = [2, 2, .. Sizes(random, rank, 1, 4)];
            if (!weights)
                node.Attribute.Add(Ints("kernel_shape", kernel[2..]));
            if (!Fits(node, input, kernel) || Run(Model(node, opset, input, kernel, named: false), input) is not { } truth)
                continue;
            ran++;
            foreach (bool named in new[] { false, true })
            {
                Dim[]? shape = Infer(Model(node, opset, input, kernel, named));
                long?[]? found = shape is null ? null : [.. shape.Select(d => d.Evaluate(n => input[n[0] - 'a']))];
                string what = $"case {i}, opset {opset}: {node} on [{string.Join(",", input)}], kernel [{string.Join(",", kernel)}]: "
                    + $"found [{string.Join<Dim>(",", shape ?? [])}], but it is [{string.Join(",", truth)}]";
                if (found is not null && (found.Length != truth.Length || found.Where((d, axis) => d is not null && d != truth[axis]).Any()))
                    wrong.Add(what);
                if (found is null || found.Contains(null))
                {
                    unknown++;
                    Assert.True(IsDisputed(node), what);
                }
            }
        }
        output.WriteLine(FormattableString.Invariant($"{ran} of {cases} run; of {2 * ran} shapes {unknown} unknown, none wrong"));
        Assert.True(wrong.Count == 0, $"{wrong.Count} are wrong:\n" + string.Join('\n', wrong.Take(20)));
        Assert.True(ran > cases / 4);
    }

    private static NodeProto RandomNode(Random random, out int rank, out bool weights)
    {
        rank = random.Next(1, 4);
        string op = Operators[random.Next(Operators.Length)];
        weights = op.StartsWith("Conv", StringComparison.Ordinal);
        NodeProto node = new() { OpType = op, Input = { "x" }, Output = { "y" } };
        if (weights)
            node.Input.Add("w");
        string padding = Padding[random.Next(Padding.Length)];
        if (random.Next(4) > 0)
            node.Attribute.Add(Ints("strides", Sizes(random, rank, 1, 4)));
        if (random.Next(2) > 0)
            node.Attribute.Add(Ints("dilations", Sizes(random, rank, 1, 3)));
        if (padding.Length > 0)
            node.Attribute.Add(new AttributeProto { Name = "auto_pad", Type = Kind.String, S = ByteString.CopyFromUtf8(padding) });
        else if (random.Next(3) > 0)
            node.Attribute.Add(Ints("pads", Sizes(random, 2 * rank, 0, 3)));
        if (!weights && random.Next(2) > 0)
            node.Attribute.Add(new AttributeProto { Name = "ceil_mode", Type = Kind.Int, I = 1 });
        if (op == "ConvTranspose" && random.Next(3) == 0)
            node.Attribute.Add(Ints("output_padding", Sizes(random, rank, 0, 2)));
        if (op == "ConvTranspose" && random.Next(6) == 0)
            node.Attribute.Add(Ints("output_shape", Sizes(random, rank, 4, 20)));
        return node;
    }

    // A pool whose window fits nowhere gives something, but nothing that means anything.
    private static bool Fits(NodeProto node, long[] input, long[] kernel)
    {
        if (node.OpType == "ConvTranspose" || node.Attribute.Any(a => a.Name == "auto_pad" && a.S.ToStringUtf8() != "VALID"))
            return true;
        int rank = input.Length - 2;
        return Enumerable.Range(0, rank).All(i =>
            input[2 + i] + Number(node, "pads", i, 0) + Number(node, "pads", i + rank, 0) > (kernel[2 + i] - 1) * Number(node, "dilations", i, 1));
    }

    // Padded by itself and dilated: ONNX Runtime and the specification differ.
    private static bool IsDisputed(NodeProto node) =>
        node.OpType.EndsWith("Pool", StringComparison.Ordinal)
        && node.Attribute.Any(a => a.S.ToStringUtf8().StartsWith("SAME", StringComparison.Ordinal))
        && node.Attribute.Any(a => a.Name == "dilations" && a.Ints.Any(d => d > 1));

    private static long Number(NodeProto node, string attribute, int at, long otherwise) =>
        node.Attribute.FirstOrDefault(a => a.Name == attribute) is { } given ? given.Ints[at] : otherwise;

    private static long[] Sizes(Random random, int count, int from, int to) => [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(from, to))];

    private static AttributeProto Ints(string name, long[] values) => new() { Name = name, Type = Kind.Ints, Ints = { values } };

    // Named dimensions are called after their place: a, b, c, …
    private static ModelProto Model(NodeProto node, long opset, long[] input, long[] kernel, bool named)
    {
        TensorShapeProto shape = new();
        shape.Dim.AddRange(input.Select((d, i) => named && i != 1
            ? new TensorShapeProto.Types.Dimension { DimParam = ((char)('a' + i)).ToString() }
            : new TensorShapeProto.Types.Dimension { DimValue = d }));
        GraphProto graph = new()
        {
            Name = "window",
            Node = { node },
            Input = { new ValueInfoProto { Name = "x", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } } } },
            Output = { new ValueInfoProto { Name = "y" } },
        };
        if (node.Input.Count > 1)
            graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Dims = { kernel }, FloatData = { new float[kernel.Aggregate((a, b) => a * b)] } });
        return new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = opset } }, Graph = graph };
    }

    private static Dim[]? Infer(ModelProto model) =>
        ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(model.ToByteArray()), CancellationToken.None)).Of("y").Shape;

    // Null where ONNX Runtime refuses the node.
    private static long[]? Run(ModelProto model, long[] input)
    {
        try
        {
            using RuntimeShapes runtime = new(model);
            TensorData x = new(new float[input.Aggregate((a, b) => a * b)], [.. input.Select(d => (int)d)]);
            return runtime.Run(new Dictionary<string, TensorData> { ["x"] = x })["y"].Dims;
        }
        catch (OnnxRuntimeException)
        {
            return null;
        }
    }
}
