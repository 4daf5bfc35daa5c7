using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Convolutions and pools. Those of the blocked layout are written as ONNX Runtime's optimiser would write them, so that no
/// reordering is measured with them.
/// </summary>
internal static partial class KernelModels
{
    private static void AddConvolutions(Dictionary<string, KernelModel> models)
    {
        models["conv1"] = new((g, s, n) => Convolutions(g, s[0], s[1], s[2], 1, n));
        models["conv"] = new((g, s, n) => Convolutions(g, s[0], s[1], s[2], s[3], n));
        models["conv-first"] = new(FirstConvolutions, SideBySide: true);
        models["conv-depthwise"] = new(Depthwise);
        models["conv-plain"] = new(PlainConvolutions);
        models["conv-transpose"] = new(Transposed, SideBySide: true);
        models["conv-quantized"] = new((g, s, n) => Quantized(g, s[0], s[1], s[2], s[3], 1, 1, n));
        models["conv-depthwise-quantized"] = new((g, s, n) => Quantized(g, 1, 1, s[1], s[2], s[0], s[3], n));
        models["pool"] = new((g, s, n) => Pools(g, s, n, Blocked + "MaxPool"));
        models["pool-plain"] = new((g, s, n) => Pools(g, s, n, "MaxPool"));
        models["global-pool"] = GlobalPool(BlockedLayout.Channels());
        models["reorder-in"] = Beside((g, x, _) => g.Node(Blocked + "ReorderInput", [x]), s => Image(s[0], s[1]));
        models["reorder-out"] = Beside((g, x, s) => g.Node(Blocked + "ReorderOutput", [x], ("channels", s[0])), s => Image(s[0], s[1]));
        models["lrn"] = Chain((g, x, _) => g.Node("LRN", [x], ("size", 5L)), s => Image(s[1], s[0]));
        models["instance-norm"] = Chain((g, x, s) => g.Node("InstanceNormalization", [x, g.Floats(1, s[0]), g.Floats(0, s[0])]), s => [1, s[0], s[1]]);
    }

    /// <summary>In the blocked layout, or else as it stands in a model.</summary>
    public static KernelModel GlobalPool(int channels) => Beside((g, x, _) => g.Node((channels > 1 ? Blocked : "") + "GlobalAveragePool", [x]), s => Image(s[0], s[1]));

    private static long[] Image(long channels, long pixels)
    {
        (long height, long width) = Sides(pixels);
        return [1, channels, height, width];
    }

    // Square windows where the number is a square; one row otherwise (1x7, 1x3).
    private static (long Height, long Width) Window(long taps)
    {
        long side = (long)Math.Sqrt(taps);
        return side * side == taps ? (side, side) : (1, taps);
    }

    private static (string, object)[] Shape(long taps, long stride, long group, bool activate)
    {
        (long height, long width) = Window(taps);
        List<(string, object)> attributes =
        [
            ("kernel_shape", new[] { height, width }),
            ("pads", new[] { (height - 1) / 2, (width - 1) / 2, height / 2, width / 2 }),
            ("strides", new[] { stride, stride }),
            ("group", group),
        ];
        if (activate)
            attributes.Add(("activation", "Relu"));
        return [.. attributes];
    }

    private static void Convolutions(ChainGraph graph, long channels, long filters, long pixels, long taps, int copies)
    {
        string x = graph.Input(ElementType.Float, Image(channels, pixels));
        (long height, long width) = Window(taps);
        // All copies read the same weights: how far away they lie is measured by itself.
        string there = graph.Weights(channels * taps / 2.0, filters, channels, height, width);
        string back = channels == filters ? there : graph.Weights(filters * taps / 2.0, channels, filters, height, width);
        for (int i = 0; i < copies; i++)
        {
            (string weights, long output) = i % 2 == 0 ? (there, filters) : (back, channels);
            x = graph.Node(Blocked + "Conv", [x, weights, graph.Floats(0, output)], Shape(taps, 1, 1, true));
        }
        graph.Output(x);
    }

    // From the image itself, strided as such convolutions mostly are.
    private static void FirstConvolutions(ChainGraph graph, long[] s, int copies)
    {
        (long height, long width) = Sides(s[2]);
        (long rows, long columns) = Window(s[3]);
        string x = graph.Input(ElementType.Float, 1, s[0], height * 2, width * 2);
        for (int i = 0; i < copies; i++)
            graph.Output(graph.Node(Blocked + "Conv", [x, graph.Weights(s[0] * s[3], s[1], s[0], rows, columns), graph.Floats(0, s[1])], Shape(s[3], 2, 1, true)));
    }

    private static void Depthwise(ChainGraph graph, long[] s, int copies)
    {
        (long height, long width) = Sides(s[1]);
        (long rows, long columns) = Window(s[2]);
        string x = graph.Input(ElementType.Float, 1, s[0], height * s[3], width * s[3]), next = x;
        for (int i = 0; i < copies; i++)
        {
            next = graph.Node(Blocked + "Conv", [next, graph.Weights(s[2] / 2.0, s[0], 1, rows, columns), graph.Floats(0, s[0])], Shape(s[2], s[3], s[0], true));
            if (s[3] == 1)
                continue;
            graph.Output(next);
            next = x;
        }
        if (s[3] == 1)
            graph.Output(next);
    }

    private static void PlainConvolutions(ChainGraph graph, long[] s, int copies)
    {
        string x = graph.Input(ElementType.Float, Image(s[0] * s[4], s[2]));
        (long height, long width) = Window(s[3]);
        for (int i = 0; i < copies; i++)
        {
            (long input, long output) = i % 2 == 0 ? (s[0], s[1]) : (s[1], s[0]);
            string w = graph.Weights(input * s[3] / 2.0, output * s[4], input, height, width);
            x = graph.Node(Microsoft + "FusedConv", [x, w, graph.Floats(0, output * s[4])], Shape(s[3], 1, s[4], true));
        }
        graph.Output(x);
    }

    private static void Transposed(ChainGraph graph, long[] s, int copies)
    {
        string x = graph.Input(ElementType.Float, Image(s[0], s[2]));
        (long height, long width) = Window(s[3]);
        for (int i = 0; i < copies; i++)
            graph.Output(graph.Node("ConvTranspose", [x, graph.Weights(s[0] * s[3], s[0], s[1], height, width), graph.Floats(0, s[1])], ("strides", new[] { 2L, 2L })));
    }

    private static void Quantized(ChainGraph graph, long channels, long filters, long pixels, long taps, long group, long stride, int copies)
    {
        string x = graph.Input(ElementType.UInt8, Image(channels * group, pixels));
        (long height, long width) = Window(taps);
        for (int i = 0; i < copies; i++)
        {
            (long input, long output) = i % 2 == 0 ? (channels, filters) : (filters, channels);
            string scale = graph.Floats(0.05f), zero = graph.Bytes(ElementType.UInt8, 128, 128);
            string w = graph.Bytes(ElementType.Int8, 0, 255, output * group, input, height, width);
            x = graph.Node("QLinearConv", [x, scale, zero, w, graph.Floats(0.01f), graph.Bytes(ElementType.Int8, 0, 0), scale, zero], Shape(taps, stride, group, false));
        }
        graph.Output(x, ElementType.UInt8);
    }

    private static void Pools(ChainGraph graph, long[] s, int copies, string op)
    {
        (long height, long width) = Sides(s[1]);
        string x = graph.Input(ElementType.Float, 1, s[0], height * s[3], width * s[3]), next = x;
        (string, object)[] shape = [.. Shape(s[2], s[3], 1, false)[..3]];
        for (int i = 0; i < copies; i++)
        {
            next = graph.Node(op, [next], shape);
            if (s[3] == 1)
                continue;
            graph.Output(next);
            next = x;
        }
        if (s[3] == 1)
            graph.Output(next);
    }
}
