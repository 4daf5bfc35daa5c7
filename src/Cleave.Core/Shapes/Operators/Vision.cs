using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators on pictures and the regions in them.</summary>
internal static class Vision
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "GridSample", Coverage.Exact, GridSample),
        new(Domains.Microsoft, "GridSample", Coverage.Exact, GridSample),
        new("", "AffineGrid", Coverage.Exact, AffineGrid),
        new("", "RoiAlign", Coverage.Exact, RoiAlign),
        new("", "MaxRoiPool", Coverage.Exact, MaxRoiPool),
        new("", "NonMaxSuppression", Coverage.Partial, n => n.Set(0, ElementType.Int64, [n.Unknown(), Dim.Of(3)])),
        new("", "ImageDecoder", Coverage.Partial, ImageDecoder),
        new("", "CenterCropPad", Coverage.Exact, CenterCropPad),
        new("", "Col2Im", Coverage.Exact, Col2Im),
    ];

    private static void GridSample(NodeContext node)
    {
        Dim[]? input = node.Shape(0), grid = node.Shape(1);
        int? rank = input?.Length ?? grid?.Length;
        if (rank is not >= 3 || (grid is not null && grid.Length != rank))
        {
            node.Set(0, node.Element(0), null);
            return;
        }
        Dim batch = input?[0] ?? grid![0], channels = input?[1] ?? node.Unknown();
        Dim[] places = grid is null ? node.Unknowns(rank.Value - 2) : [.. grid.Skip(1).Take(rank.Value - 2)];
        node.Set(0, node.Element(0), [batch, channels, .. places]);
    }

    // The size is batch, channels, and two or three spatial dimensions.
    private static void AffineGrid(NodeContext node)
    {
        Dim[]? theta = node.Shape(0), size = node.Input(1).Content;
        long? dimensions = size is not null ? size.Length - 2 : theta is { Length: 3 } ? theta[1].Value : null;
        Dim[]? shape = dimensions is not (2 or 3) ? null
            : size is null ? [theta![0], .. node.Unknowns((int)dimensions), Dim.Of(dimensions.Value)]
            : [size[0], .. size.Skip(2), Dim.Of(dimensions.Value)];
        node.Set(0, node.Element(0), shape);
    }

    private static void RoiAlign(NodeContext node) =>
        node.Set(0, node.Element(0, 1), Regions(node, node.Shape(1) ?? node.Shape(2), [node.Int("output_height", 1), node.Int("output_width", 1)]));

    private static void MaxRoiPool(NodeContext node) => node.Set(0, node.Element(0, 1), Regions(node, node.Shape(1), node.Ints("pooled_shape")));

    private static Dim[]? Regions(NodeContext node, Dim[]? regions, long[]? size)
    {
        if (size is not { Length: 2 } || size[0] <= 0 || size[1] <= 0 || regions is { Length: 0 })
            return null;
        Dim channels = node.Shape(0) is { Length: 4 } input ? input[1] : node.Unknown();
        return [regions is null ? node.Unknown() : regions[0], channels, Dim.Of(size[0]), Dim.Of(size[1])];
    }

    private static void ImageDecoder(NodeContext node) =>
        node.Set(0, ElementType.UInt8, [node.Unknown(), node.Unknown(), Dim.Of(node.Text("pixel_format", "RGB") == "Grayscale" ? 1 : 3)]);

    private static void CenterCropPad(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        if (node.Shape(0) is not { } input)
            return;
        long[] axes = node.Ints("axes") is { } given ? given : [.. Enumerable.Range(0, input.Length).Select(i => (long)i)];
        Dim[] shape = (Dim[])input.Clone();
        for (int i = 0; i < axes.Length; i++)
        {
            if (NodeContext.Axis(axes[i], shape.Length) is not { } axis)
                return;
            shape[axis] = node.Input(1).Content is not { } content ? node.Unknown() : i < content.Length ? content[i] : shape[axis];
        }
        node.Set(0, node.Element(0), shape);
    }

    // Blocks of all channels in the second dimension become an image again.
    private static void Col2Im(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        Dim[]? image = node.Input(1).Content ?? (node.Shape(1) is { Length: 1 } count && count[0].Value is >= 0 and <= 16 ? node.Unknowns((int)count[0].Value!) : null);
        if (node.Shape(0) is not { Length: 3 } input || image is null)
            return;
        Dim? block = node.Input(2).Content?.Aggregate((Dim?)Dim.One, (product, size) => product is null ? null : product * size);
        Dim channels = node.OrUnknown(block is null || block.Value == 0 ? null : Dim.ExactDivide(input[1], block));
        node.Set(0, node.Element(0), [input[0], channels, .. image]);
    }
}
