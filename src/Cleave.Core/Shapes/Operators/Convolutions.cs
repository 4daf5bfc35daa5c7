using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Convolutions: batch and channels first, then the spatial dimensions.</summary>
internal static class Convolutions
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "Conv", Coverage.Exact, n => Convolution(n, 1, n.Element(0, 1))),
        new("", "ConvInteger", Coverage.Exact, n => Convolution(n, 1, ElementType.Int32)),
        new("", "QLinearConv", Coverage.Exact, n => Convolution(n, 3, n.Element(7))),
        new("", "DeformConv", Coverage.Exact, n => Convolution(n, 1, n.Element(0, 1))),
        new("", "ConvTranspose", Coverage.Exact, n => Transposed(n, 1, n.Element(0, 1))),
        new(Domains.Microsoft, "FusedConv", Coverage.Exact, n => Convolution(n, 1, n.Element(0, 1))),
        new(Domains.Microsoft, "NhwcFusedConv", Coverage.Exact, n => ChannelsLast(n, 1, n.Element(0, 1), true)),
        new(Domains.Microsoft, "QLinearConv", Coverage.Exact, QLinearConv),
        new(Domains.Microsoft, "QLinearConvTranspose", Coverage.Exact, QLinearConvTranspose),
    ];

    /// <summary>The spatial places of a convolution over an input of this shape; null where they are not known.</summary>
    public static Dim[]? Spatial(NodeContext node, Dim[] sizes, Dim[]? weights)
    {
        Dim[] kernel = node.Ints("kernel_shape") is { Length: > 0 } given ? Array.ConvertAll(given, Dim.Of)
            : weights is { Length: > 2 } ? weights.Skip(2).ToArray()
            : [];
        return kernel.Length == sizes.Length && !Array.Exists(kernel, k => k.Value <= 0) && Window.Of(node, kernel) is { } window
            ? window.Places(sizes)
            : null;
    }

    private static void Convolution(NodeContext node, int weightsAt, ElementType element)
    {
        Dim[]? input = node.Shape(0), weights = node.Shape(weightsAt);
        node.Set(0, element, null);
        if (Rank(input, weights) is not { } rank)
            return;
        Dim batch = input is null ? node.Unknown() : input[0];
        Dim channels = weights is null ? node.Unknown() : weights[0];
        Dim[] spatial = (input is null ? null : Spatial(node, input.Skip(2).ToArray(), weights)) ?? node.Unknowns(rank - 2);
        node.Set(0, element, [batch, channels, .. spatial]);
    }

    private static void ChannelsLast(NodeContext node, int weightsAt, ElementType element, bool inputIsLast)
    {
        Dim[]? input = node.Shape(0), weights = node.Shape(weightsAt);
        node.Set(0, element, null);
        if (input is not { Length: > 2 } || Rank(input, weights) is null)
            return;
        Dim[] sizes = inputIsLast ? [.. input.Skip(1).Take(input.Length - 2)] : [.. input.Skip(2)];
        Dim[] spatial = Spatial(node, sizes, weights) ?? node.Unknowns(sizes.Length);
        node.Set(0, element, [input[0], .. spatial, weights is null ? node.Unknown() : weights[0]]);
    }

    private static void QLinearConv(NodeContext node)
    {
        if (node.Int("channels_last", 0) == 0)
            Convolution(node, 3, node.Element(7));
        else
            ChannelsLast(node, 3, node.Element(7), true);
    }

    private static void QLinearConvTranspose(NodeContext node) => Transposed(node, 3, node.Element(7));

    private static void Transposed(NodeContext node, int weightsAt, ElementType element)
    {
        Dim[]? input = node.Shape(0), weights = node.Shape(weightsAt);
        node.Set(0, element, null);
        if (Rank(input, weights) is not { } rank)
            return;
        Dim? channels = weights is null ? null : weights[1] * Dim.Of(node.Int("group", 1));
        Dim[] spatial = (input is null ? null : TransposedSpatial(node, input.Skip(2).ToArray(), weights)) ?? node.Unknowns(rank - 2);
        node.Set(0, element, [input is null ? node.Unknown() : input[0], node.OrUnknown(channels), .. spatial]);
    }

    private static Dim[]? TransposedSpatial(NodeContext node, Dim[] places, Dim[]? weights)
    {
        int rank = places.Length;
        if (node.Ints("output_shape") is { Length: > 0 } given)
            return given.Length == rank && Array.TrueForAll(given, g => g > 0) ? Array.ConvertAll(given, Dim.Of) : null;
        Dim[] kernel = node.Ints("kernel_shape") is { Length: > 0 } sizes ? Array.ConvertAll(sizes, Dim.Of)
            : weights is { Length: > 2 } ? weights.Skip(2).ToArray()
            : [];
        return kernel.Length == rank && Window.Of(node, kernel) is { } window && Window.Numbers(node, "output_padding", rank, 0, 0) is { } padding
            ? window.Sizes(places, padding)
            : null;
    }

    // Of the input or the weights; null where it is unknown or the two do not agree.
    private static int? Rank(Dim[]? input, Dim[]? weights)
    {
        int? rank = input?.Length ?? weights?.Length;
        return rank >= 3 && (weights is null || weights.Length == rank) ? rank : null;
    }
}
