using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Tool.Calibration;

/// <summary>How a kernel is measured.</summary>
/// <param name="Build">Adds that many copies of the kernel at the sizes to a graph.</param>
/// <param name="SideBySide">Whether each copy is an output of the model (where they cannot be chained).</param>
/// <param name="Repeats">How many of the kernel one copy holds (matrices of a batch).</param>
/// <param name="Copies">Where the time of a whole chain is the point: how many copies it has; null or gives null where that of one copy is.</param>
/// <param name="NodesApart">Whether what each copy costs as a node is no part of the point.</param>
internal sealed record KernelModel(
    Action<ChainGraph, long[], int> Build, bool SideBySide = false, int Repeats = 1, Func<long[], int?>? Copies = null, bool NodesApart = false);

/// <summary>The models by which each kernel of a device table is measured: generated, of that kernel alone.</summary>
internal static partial class KernelModels
{
    public const int MatricesOfBatch = 8;

    // Matrices of a chain that only reads weights: of a small model's size, up to this many bytes of them, and of a larger one's.
    private const long FewWeights = (1 << 20) - 1;

    // Matrices of products that are measured in a chain, in bytes: six of them lie in the second cache.
    private const long NearWeights = 1 << 16;

    private const string Blocked = "com.microsoft.nchwc:";
    private const string Microsoft = "com.microsoft:";

    /// <summary>What the chain of Relu is, but that each is an output.</summary>
    public static KernelModel ReluBeside { get; } = Beside((g, x) => g.Node("Relu", [x]));

    private static readonly Dictionary<string, KernelModel> Models = Collect();

    public static KernelModel? Find(string kernel) => Models.GetValueOrDefault(kernel);

    private static Dictionary<string, KernelModel> Collect()
    {
        Dictionary<string, KernelModel> models = new(StringComparer.Ordinal)
        {
            ["node"] = Beside((g, x) => g.Node("Reshape", [x, g.Integers([2], 1, 16)])),
            // Larger ones alone: ONNX Runtime packs a matrix for each node that reads it, and the copies would push each other's out of the caches.
            ["gemm"] = new(Gemm, Copies: s => s[1] * s[2] * 4 > NearWeights ? 1 : null),
            ["weights"] = new(Weights, Copies: s => (int)(s[1] / (WeightSide(s[1]) * WeightSide(s[1]) * 4)), NodesApart: true),
            ["matmul"] = new(MatMul, SideBySide: true, Repeats: MatricesOfBatch),
            ["gemm-quantized"] = new(QuantizedGemm, SideBySide: true),
            ["lstm"] = new((g, s, n) => Recurrent(g, s, n, "LSTM", 4), SideBySide: true, Copies: _ => 1),
            ["gru"] = new((g, s, n) => Recurrent(g, s, n, "GRU", 3), SideBySide: true, Copies: _ => 1),
        };
        AddConvolutions(models);
        AddRows(models);
        AddMoves(models);
        AddElementwise(models);
        return models;
    }

    private static void Gemm(ChainGraph graph, long[] s, int copies)
    {
        string x = graph.Input(ElementType.Float, s[0], s[1]);
        for (int i = 0; i < copies; i++)
        {
            (long k, long n) = i % 2 == 0 ? (s[1], s[2]) : (s[2], s[1]);
            x = graph.Node("MatMul", [x, graph.Weights(k, k, n)]);
        }
        graph.Output(x);
    }

    private static long WeightSide(long bytes) => bytes <= FewWeights ? 128 : 512;

    private static void Weights(ChainGraph graph, long[] s, int copies)
    {
        long side = WeightSide(s[1]);
        string x = graph.Input(ElementType.Float, s[0], side);
        for (int i = 0; i < copies; i++)
            x = graph.Node("MatMul", [x, graph.Weights(side, side, side)]);
        graph.Output(x);
    }

    private static void MatMul(ChainGraph graph, long[] s, int copies)
    {
        string a = graph.Input(ElementType.Float, MatricesOfBatch, s[0], s[1]);
        string b = graph.Input(ElementType.Float, MatricesOfBatch, s[1], s[2]);
        for (int i = 0; i < copies; i++)
            graph.Output(graph.Node("MatMul", [a, b]));
    }

    private static void QuantizedGemm(ChainGraph graph, long[] s, int copies)
    {
        string a = graph.Input(ElementType.UInt8, s[0], s[1]);
        for (int i = 0; i < copies; i++)
        {
            string b = graph.Bytes(ElementType.Int8, 0, 255, s[1], s[2]);
            string zero = graph.Bytes(ElementType.UInt8, 128, 128), zeroB = graph.Bytes(ElementType.Int8, 0, 0);
            graph.Output(graph.Node(Microsoft + "MatMulIntegerToFloat", [a, b, graph.Floats(0.01f), graph.Floats(0.01f), zero, zeroB]));
        }
    }

    private static void Recurrent(ChainGraph graph, long[] s, int copies, string op, long gates)
    {
        string x = graph.Input(ElementType.Float, s[0], s[1], s[2]);
        for (int i = 0; i < copies; i++)
        {
            string w = graph.Weights(s[2], 1, gates * s[3], s[2]), r = graph.Weights(s[3] * 4, 1, gates * s[3], s[3]);
            string b = graph.Weights(s[3], 1, 2 * gates * s[3]);
            graph.Output(graph.Node(op, [x, w, r, b], ("hidden_size", s[3])));
        }
    }

    /// <summary>A chain over one float input of the kernel's first size.</summary>
    private static KernelModel Chain(Func<ChainGraph, string, long[], string> node, Func<long[], long[]> shape) => new((graph, s, copies) =>
    {
        string x = graph.Input(ElementType.Float, shape(s));
        for (int i = 0; i < copies; i++)
            x = node(graph, x, s);
        graph.Output(x);
    });

    private static KernelModel Beside(Func<ChainGraph, string, string> node) => Beside((g, x, _) => node(g, x), _ => [16]);

    /// <summary>Side by side over one input.</summary>
    private static KernelModel Beside(
        Func<ChainGraph, string, long[], string> node, Func<long[], long[]> shape, ElementType input = ElementType.Float, ElementType output = ElementType.Float) =>
        new((graph, s, copies) =>
        {
            string x = graph.Input(input, shape(s));
            for (int i = 0; i < copies; i++)
                graph.Output(node(graph, x, s), output);
        }, SideBySide: true);

    // Two factors, the first no larger than the second, as equal as may be.
    private static (long Height, long Width) Sides(long pixels)
    {
        long height = (long)Math.Sqrt(pixels);
        while (pixels % height != 0)
            height--;
        return (height, pixels / height);
    }
}
