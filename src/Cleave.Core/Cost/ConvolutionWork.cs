using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Cost;

/// <summary>Convolutions and pools, in ONNX Runtime's blocked layout (the domain says so) and without it.</summary>
internal static class ConvolutionWork
{
    public const string BlockedDomain = "com.microsoft.nchwc";

    // In the optimised graph, which does not say, channels are filled up already.
    private const int LeastBlock = 8;

    public static IReadOnlyList<Work>? Of(NodeSizes node) => node.OpType switch
    {
        "Conv" or "FusedConv" or "NhwcFusedConv" => WithSum(node, Convolution(node, 1, node.Node.Domain == BlockedDomain ? LeastBlock : 1)),
        "QLinearConv" => Quantized(node, 3),
        "ConvInteger" => Quantized(node, 1),
        "ConvTranspose" => Transposed(node),
        "MaxPool" or "AveragePool" or "LpPool" => Pool(node),
        "QLinearAveragePool" => Pool(node),
        "GlobalAveragePool" or "GlobalMaxPool" or "QLinearGlobalAveragePool" => GlobalPool(node),
        "LRN" => Normalized(node, "lrn"),
        "InstanceNormalization" => Normalized(node, "instance-norm"),
        "ReorderInput" => Reorder(node, "reorder-in"),
        "ReorderOutput" => Reorder(node, "reorder-out"),
        _ => null,
    };

    /// <summary>A convolution of floats.</summary>
    /// <param name="node">The node; its second input are the weights.</param>
    /// <param name="weights">Which input they are.</param>
    /// <param name="block">Channels of a block, which filters, and channels but those of an image, are filled up to; 1: it runs in the plain layout.</param>
    public static IReadOnlyList<Work>? Convolution(NodeSizes node, int weights, int block)
    {
        if (node.Input(0) is not { Length: > 2 } input || node.Input(weights) is not { Length: > 2 } w || node.Output(0) is not { Length: > 2 } output)
            return null;
        double group = Math.Max(1, node.Integer("group", 1)), taps = NodeSizes.Product(w, 2, w.Length), pixels = Pixels(output);
        double channels = w[1], filters = NodeSizes.RoundUp(Math.Max(1, w[0] / (long)group), block);
        if (block == 1)
            return One(new Work("conv-plain", [channels, filters, pixels, taps, group]));
        if (group > 1 && channels == 1)
            return One(new Work("conv-depthwise", [NodeSizes.RoundUp(w[0], block), pixels, taps, Stride(node)]));
        if (input[1] < block || channels < block)
            return One(new Work("conv-first", [channels, filters, pixels, taps]));
        channels = NodeSizes.RoundUp(w[1], block);
        Work work = taps == 1 ? new Work("conv1", [channels, filters, pixels], group) : new Work("conv", [channels, filters, pixels, taps], group);
        return One(work with { Weights = group * channels * filters * taps * 4 });
    }

    /// <summary>What a convolution does beside, in the same node, where it is added to a value of its output's size: it goes over that once.</summary>
    public static Work Sum(double elements) => NodeWork.Elements("relu", elements) with { GoesOn = true };

    // A fourth input is added to.
    private static IReadOnlyList<Work>? WithSum(NodeSizes node, IReadOnlyList<Work>? works) =>
        works is not null && node.HasInput(3) ? [.. works, Sum(node.OutputCount)] : works;

    /// <summary>A convolution of eight-bit numbers; which input the weights are.</summary>
    public static IReadOnlyList<Work>? Quantized(NodeSizes node, int weights)
    {
        if (node.Input(0) is not { Length: > 2 } || node.Input(weights) is not { Length: > 2 } w || node.Output(0) is not { Length: > 2 } output)
            return null;
        double group = node.Integer("group", 1), taps = NodeSizes.Product(w, 2, w.Length);
        return One(group > 1 && w[1] == 1
            ? new Work("conv-depthwise-quantized", [w[0], Pixels(output), taps, Stride(node)])
            : new Work("conv-quantized", [w[1], Math.Max(1, w[0] / group), Pixels(output), taps], group));
    }

    private static IReadOnlyList<Work>? Transposed(NodeSizes node)
    {
        if (node.Input(0) is not { Length: > 2 } input || node.Input(1) is not { Length: > 2 } w)
            return null;
        double group = node.Integer("group", 1);
        return One(new Work("conv-transpose", [Math.Max(1, w[0] / group), w[1], Pixels(input), NodeSizes.Product(w, 2, w.Length)], group));
    }

    private static IReadOnlyList<Work>? Pool(NodeSizes node)
    {
        if (node.Output(0) is not { Length: > 2 } output || node.Integers("kernel_shape") is not { } window)
            return null;
        string kernel = node.Node.Domain == BlockedDomain ? "pool" : "pool-plain";
        return One(new Work(kernel, [output[1], Pixels(output), NodeSizes.Product(window, 0, window.Length), Stride(node)]));
    }

    private static IReadOnlyList<Work>? GlobalPool(NodeSizes node) =>
        node.Input(0) is { Length: > 2 } input ? One(new Work("global-pool", [input[1] * input[0], Pixels(input) / Math.Max(1, input[0])])) : null;

    private static IReadOnlyList<Work>? Normalized(NodeSizes node, string kernel)
    {
        if (node.Input(0) is not { Length: > 2 } input)
            return null;
        double pixels = Pixels(input);
        return One(new Work(kernel, kernel == "lrn" ? [pixels, input[1]] : [input[1], pixels]));
    }

    private static IReadOnlyList<Work>? Reorder(NodeSizes node, string kernel) =>
        node.Input(0) is { Length: > 2 } input ? One(new Work(kernel, [input[1], Pixels(input)])) : null;

    // Of all samples.
    private static double Pixels(long[] shape) => Math.Max(1, shape[0] * NodeSizes.Product(shape, 2, shape.Length));

    private static double Stride(NodeSizes node) => node.Integers("strides") is { Length: > 0 } strides ? Math.Max(1, strides.Max()) : 1;

    private static IReadOnlyList<Work> One(Work work) => [work with { Sizes = Array.ConvertAll(work.Sizes, s => Math.Max(1, s)) }];
}
