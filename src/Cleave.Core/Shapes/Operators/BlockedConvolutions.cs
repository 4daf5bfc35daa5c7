using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Shapes.Operators;

/// <summary>
/// ONNX Runtime's convolutions and pools with channels in blocks. A tensor between them holds its channels rounded up to whole blocks;
/// the size of a block depends on the processor, and the file does not say it.
/// </summary>
internal static class BlockedConvolutions
{
    // No processor has a larger one: what is a multiple of it is not rounded.
    private const int LargestBlock = 16;

    public static IEnumerable<OperatorRule> Rules =>
    [
        new(Domains.Blocked, "Conv", Coverage.Exact, Convolution),
        new(Domains.Blocked, "MaxPool", Coverage.Exact, n => n.Set(0, n.Element(0), Pooling.Pooled(n, n.Shape(0), false))),
        new(Domains.Blocked, "AveragePool", Coverage.Exact, n => n.Set(0, n.Element(0), Pooling.Pooled(n, n.Shape(0), false))),
        new(Domains.Blocked, "GlobalMaxPool", Coverage.Exact, n => n.Set(0, n.Element(0), Pooling.GloballyPooled(n.Shape(0), false))),
        new(Domains.Blocked, "GlobalAveragePool", Coverage.Exact, n => n.Set(0, n.Element(0), Pooling.GloballyPooled(n.Shape(0), false))),
        new(Domains.Blocked, "Upsample", Coverage.Exact, Upsample),
        new(Domains.Blocked, "ReorderInput", Coverage.Partial, ReorderInput),
        new(Domains.Blocked, "ReorderOutput", Coverage.Exact, ReorderOutput),
    ];

    // The weights were rounded when the graph was written.
    private static void Convolution(NodeContext node)
    {
        node.Set(0, node.Element(0, 1), null);
        if (node.Shape(0) is not { Length: 4 } input || node.Shape(1) is not { Length: 4 } weights)
            return;
        Dim[] spatial = Convolutions.Spatial(node, [.. input.Skip(2)], weights) ?? node.Unknowns(2);
        node.Set(0, node.Element(0, 1), [input[0], weights[0], .. spatial]);
    }

    private static void ReorderInput(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        if (node.Shape(0) is not { Length: 4 } input)
            return;
        bool channelsLast = node.Int("channels_last", 0) != 0;
        Dim channels = channelsLast ? input[3] : input[1];
        Dim rounded = channels.Value is { } count && count % LargestBlock == 0 ? channels : node.Unknown();
        node.Set(0, node.Element(0), channelsLast ? [input[0], rounded, input[1], input[2]] : [input[0], rounded, input[2], input[3]]);
    }

    private static void ReorderOutput(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        if (node.Shape(0) is not { Length: 4 } input || node.Int("channels", 0) is not (> 0 and var channels))
            return;
        node.Set(0, node.Element(0), node.Int("channels_last", 0) != 0
            ? [input[0], input[2], input[3], Dim.Of(channels)]
            : [input[0], Dim.Of(channels), input[2], input[3]]);
    }

    private static void Upsample(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { } input && node.Ints("scales") is { } scales && scales.Length == input.Length)
            shape = [.. input.Select((d, i) => node.OrUnknown(d * Dim.Of(scales[i])))];
        node.Set(0, node.Element(0), shape);
    }
}
