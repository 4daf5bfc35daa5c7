using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Graph;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Times what a node costs among nodes of other kinds beyond what it costs in a chain of its own kind, where its code and the tables
/// that ONNX Runtime keeps of it are still in the caches: small nodes without weights in turn, against the same nodes each in a chain.
/// </summary>
internal sealed class CrowdTimer
{
    private const long Rows = 16;
    private const long Columns = 64;

    private static readonly Func<ChainGraph, string, string>[] Nodes =
    [
        (g, x) => g.Node("Relu", [x]),
        (g, x) => g.Node("Add", [x, g.Floats(0.1f, Columns)]),
        (g, x) => g.Node("Erf", [x]),
        (g, x) => g.Node("Sigmoid", [x]),
        (g, x) => g.Node("Reshape", [x, g.Integers([3], 1, Rows, Columns)]),
        (g, x) => g.Node("Squeeze", [x, g.Integers([1], 0)]),
        (g, x) => g.Node("Softmax", [x], ("axis", -1L)),
        (g, x) => g.Node("LayerNormalization", [x, g.Floats(1, Columns), g.Floats(0, Columns)], ("axis", -1L)),
        (g, x) => g.Node("Concat", [x, x], ("axis", 1L)),
        (g, x) => g.Node("Slice", [x, g.Integers([1], 0), g.Integers([1], Columns), g.Integers([1], 1)]),
        (g, x) => g.Node("Tanh", [x]),
        (g, x) => g.Node("Clip", [x, g.Floats(-0.9f), g.Floats(0.9f)]),
        (g, x) => g.Node("Mul", [x, x]),
        (g, x) => g.Node("Transpose", [x], ("perm", new[] { 1L, 0 })),
        (g, x) => g.Node("Sqrt", [x]),
        (g, x) => g.Node("Transpose", [x], ("perm", new[] { 1L, 0 })),
    ];

    // What chains alone: a node that changes the shape goes with its way back.
    private static readonly (int First, int Count)[] Links = [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (6, 1), (7, 1), (8, 2), (10, 1), (11, 1), (12, 1), (13, 3)];

    private readonly int[] _sizes;
    private readonly ChainTimer[] _mixed;
    private readonly ChainTimer[] _alone;

    /// <param name="sizes">How many nodes are mixed.</param>
    /// <param name="timer">Makes a timer of a model with one thread, and has it measured.</param>
    public CrowdTimer(int[] sizes, Func<KernelModel, long[], int, ChainTimer> timer)
    {
        _sizes = sizes;
        _mixed = [.. sizes.Select(n => timer(Chain(0, Nodes.Length, n / Nodes.Length), [], 1))];
        _alone = [.. Links.Select(l => timer(Chain(l.First, l.Count, 1), [], 1))];
    }

    /// <summary>Nanoseconds for each node more, by number of nodes; with the first of so many thread counts.</summary>
    public IEnumerable<DevicePoint> Points(double call, int threads)
    {
        double alone = _alone.Sum(t => t.Times.One);
        return _sizes.Select((n, i) => new DevicePoint(
            "crowd", [n], [Math.Max(1, (((_mixed[i].Times.Many - call) / (n / Nodes.Length)) - alone) / Nodes.Length), .. new double[threads - 1]]));
    }

    private static KernelModel Chain(int first, int count, int rounds) => new((graph, _, copies) =>
    {
        string x = graph.Input(ElementType.Float, Rows, Columns);
        for (int i = 0; i < copies; i++)
        {
            foreach (Func<ChainGraph, string, string> node in Nodes.AsSpan(first, count))
                x = node(graph, x);
        }
        graph.Output(x);
    }, Copies: rounds > 1 ? _ => rounds : null);
}
