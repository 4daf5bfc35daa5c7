using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Pools: a window over the spatial dimensions of each channel, or all of them at once; and their inverse.</summary>
internal static class Pooling
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "AveragePool", Coverage.Exact, Pool),
        new("", "LpPool", Coverage.Exact, Pool),
        new("", "MaxPool", Coverage.Exact, MaxPool),
        new("", "GlobalAveragePool", Coverage.Exact, Global),
        new("", "GlobalLpPool", Coverage.Exact, Global),
        new("", "GlobalMaxPool", Coverage.Exact, Global),
        new("", "MaxUnpool", Coverage.Exact, MaxUnpool),
        new(Domains.Microsoft, "QLinearAveragePool", Coverage.Exact, QLinearAveragePool),
        new(Domains.Microsoft, "QLinearGlobalAveragePool", Coverage.Exact, QLinearGlobalAveragePool),
        new(Domains.Microsoft, "NhwcMaxPool", Coverage.Exact, n => n.Set(0, n.Element(0), Pooled(n, n.Shape(0), true))),
        new(Domains.Microsoft, "MaxpoolWithMask", Coverage.Exact, Pool),
    ];

    /// <summary>The shape after pooling; null where the rank is not known or no window fits the attributes.</summary>
    public static Dim[]? Pooled(NodeContext node, Dim[]? input, bool channelsLast)
    {
        if (input is not { Length: >= 3 } || Window.OfAttributes(node) is not { } window || window.Rank != input.Length - 2)
            return null;
        bool ceiling = node.Int("ceil_mode", 0) != 0;
        return channelsLast
            ? [input[0], .. window.PoolPlaces([.. input.Skip(1).Take(window.Rank)], ceiling), input[input.Length - 1]]
            : [input[0], input[1], .. window.PoolPlaces([.. input.Skip(2)], ceiling)];
    }

    /// <summary>The shape with one place for all spatial dimensions together.</summary>
    public static Dim[]? GloballyPooled(Dim[]? input, bool channelsLast)
    {
        if (input is not { Length: >= 2 })
            return null;
        Dim[] shape = (Dim[])input.Clone();
        for (int i = channelsLast ? 1 : 2; i < (channelsLast ? shape.Length - 1 : shape.Length); i++)
            shape[i] = Dim.One;
        return shape;
    }

    private static void Pool(NodeContext node) => node.Set(0, node.Element(0), Pooled(node, node.Shape(0), false));

    private static void MaxPool(NodeContext node)
    {
        Pool(node);
        node.Set(1, ElementType.Int64, node.Output(0).Shape);
    }

    private static void Global(NodeContext node) => node.Set(0, node.Element(0), GloballyPooled(node.Shape(0), false));

    private static void QLinearAveragePool(NodeContext node) =>
        node.Set(0, node.Element(0, 4), Pooled(node, node.Shape(0), node.Int("channels_last", 0) != 0));

    private static void QLinearGlobalAveragePool(NodeContext node) =>
        node.Set(0, node.Element(0, 4), GloballyPooled(node.Shape(0), node.Int("channels_last", 0) != 0));

    private static void MaxUnpool(NodeContext node)
    {
        Dim[]? input = node.Shape(0), shape = null;
        if (node.HasInput(2))
        {
            // The sizes may be given from outside.
            shape = node.Input(2).Content ?? (input is null ? null : node.Unknowns(input.Length));
        }
        else if (input is { Length: >= 3 } && Window.OfAttributes(node) is { } window && window.Rank == input.Length - 2)
        {
            shape = [input[0], input[1], .. window.Sizes([.. input.Skip(2)], new long[window.Rank])];
        }
        node.Set(0, node.Element(0), shape);
    }
}
