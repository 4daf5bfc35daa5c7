using System;
using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Resize and its older form Upsample.</summary>
internal static class Resizing
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "Resize", Coverage.Exact, Resize),
        new("", "Upsample", Coverage.Exact, Upsample),
    ];

    private static void Upsample(NodeContext node) =>
        Scale(node, node.Opset < 9 ? node.Attribute("scales")?.Floats : Scales(node, 1), null);

    private static void Resize(NodeContext node)
    {
        if (node.Opset < 11)
        {
            Scale(node, Scales(node, 1), null);
            return;
        }
        // An empty list is none: all axes.
        long[]? axes = node.Ints("axes") is { Length: > 0 } given ? given : null;
        if (!node.HasInput(3))
        {
            // A region of the input, in numbers that are no part of the scales.
            bool hasRegion = node.Text("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
            Scale(node, hasRegion ? null : Scales(node, 2), axes);
            return;
        }
        if (node.Shape(0) is not { } dims)
        {
            node.Set(0, node.Element(0), null);
            return;
        }
        bool stretches = node.Text("keep_aspect_ratio_policy", "stretch") == "stretch";
        Dim[] shape = (Dim[])dims.Clone();
        Dim[]? sizes = node.Input(3).Content;
        bool fits = sizes?.Length == (axes?.Length ?? dims.Length);
        for (int i = 0; i < (axes?.Length ?? dims.Length); i++)
        {
            if (NodeContext.Axis(axes?[i] ?? i, dims.Length) is not { } axis)
            {
                node.Set(0, node.Element(0), node.Unknowns(dims.Length));
                return;
            }
            shape[axis] = fits && stretches && (sizes![i].IsKnown || sizes[i].IsNonNegative) ? sizes[i] : node.Unknown();
        }
        node.Set(0, node.Element(0), shape);
    }

    private static float[]? Scales(NodeContext node, int index)
    {
        if (node.Input(index).Floats is { } floats)
            return floats;
        return Contents.Numbers(node.Input(index).Content) is { } whole ? Array.ConvertAll(whole, n => (float)n) : null;
    }

    private static void Scale(NodeContext node, float[]? scales, long[]? axes)
    {
        if (node.Shape(0) is not { } dims)
        {
            node.Set(0, node.Element(0), null);
            return;
        }
        bool fits = scales?.Length == (axes?.Length ?? dims.Length);
        Dim[] shape = axes is null || !fits ? node.Unknowns(dims.Length) : (Dim[])dims.Clone();
        for (int i = 0; fits && i < scales!.Length; i++)
        {
            if (NodeContext.Axis(axes?[i] ?? i, dims.Length) is { } axis)
                shape[axis] = node.OrUnknown(Scaled(dims[axis], scales[i]));
        }
        node.Set(0, node.Element(0), shape);
    }

    // floor(dim * scale), which is computed in floats.
    private static Dim? Scaled(Dim dim, float scale)
    {
        if (dim.Value is { } number)
            return scale is > 0 and < 1e6f && number < 1 << 24 ? Dim.Of((long)Math.Floor((float)number * scale)) : null;
        // Where the scale is a short fraction of a power of two, no dimension in use is rounded.
        for (long denominator = 1; denominator <= 64; denominator *= 2)
        {
            float numerator = scale * denominator;
            if (numerator is > 0 and <= 256 && Math.Floor(numerator) == numerator)
                return dim * Dim.Of((long)numerator) is { } product ? Dim.FloorDivide(product, Dim.Of(denominator)) : null;
        }
        return null;
    }
}
