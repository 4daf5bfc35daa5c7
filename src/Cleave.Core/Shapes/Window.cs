using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>A window that slides over the spatial dimensions of a convolution or a pool, and how many places it takes there.</summary>
internal sealed class Window
{
    private readonly NodeContext _node;
    private readonly Dim[] _kernel;
    private readonly long[] _strides;
    private readonly long[] _dilations;
    private readonly long[] _pads;
    private readonly string _autoPad;

    private Window(NodeContext node, Dim[] kernel, long[] strides, long[] dilations, long[] pads, string autoPad)
    {
        _node = node;
        _kernel = kernel;
        _strides = strides;
        _dilations = dilations;
        _pads = pads;
        _autoPad = autoPad;
    }

    public int Rank => _kernel.Length;

    private bool IsSame => _autoPad is "SAME_UPPER" or "SAME_LOWER";

    /// <summary>The window of a node with these sizes; null where the attributes are not such a window's.</summary>
    public static Window? Of(NodeContext node, Dim[] kernel)
    {
        int rank = kernel.Length;
        string autoPad = node.Text("auto_pad", "NOTSET");
        if (Numbers(node, "strides", rank, 1, 1) is not { } strides || Numbers(node, "dilations", rank, 1, 1) is not { } dilations
            || Numbers(node, "pads", 2 * rank, 0, 0) is not { } pads || autoPad is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER" or ""))
        {
            return null;
        }
        return new Window(node, kernel, strides, dilations, autoPad == "VALID" ? new long[2 * rank] : pads, autoPad);
    }

    /// <summary>The window that the attribute <c>kernel_shape</c> says; null where there is none.</summary>
    public static Window? OfAttributes(NodeContext node) =>
        node.Ints("kernel_shape") is { Length: > 0 } kernel && Array.TrueForAll(kernel, k => k > 0) ? Of(node, Array.ConvertAll(kernel, Dim.Of)) : null;

    /// <summary>The places of a convolution along each spatial dimension, where the window fits at least once.</summary>
    public Dim[] Places(Dim[] sizes)
    {
        Dim[] places = new Dim[Rank];
        for (int i = 0; i < places.Length; i++)
            places[i] = _node.OrUnknown(Places(i, sizes[i], false));
        return places;
    }

    /// <summary>The places of a pool along each spatial dimension, where the window fits at least once.</summary>
    public Dim[] PoolPlaces(Dim[] sizes, bool ceiling)
    {
        Dim[] places = new Dim[Rank];
        for (int i = 0; i < places.Length; i++)
        {
            // ONNX Runtime forgets the dilation when it pads pools, the specification does not.
            bool disputed = IsSame && _dilations[i] > 1 && _kernel[i].Value != 1;
            places[i] = _node.OrUnknown(disputed ? null : Places(i, sizes[i], ceiling));
        }
        return places;
    }

    /// <summary>The inverse: the sizes that a transposed convolution gives, or an unpooling.</summary>
    public Dim[] Sizes(Dim[] places, long[] outputPadding)
    {
        Dim[] sizes = new Dim[Rank];
        for (int i = 0; i < sizes.Length; i++)
            sizes[i] = _node.OrUnknown(IsSame ? SameSize(i, places[i], outputPadding[i]) : Size(i, places[i], outputPadding[i]));
        return sizes;
    }

    /// <summary>An attribute of so many numbers, none of them smaller than <paramref name="least"/>; null where it is not that.</summary>
    public static long[]? Numbers(NodeContext node, string attribute, int count, long otherwise, long least)
    {
        if (node.Attribute(attribute) is not { } given || (given.Kind == AttributeKind.Ints && given.Ints.Length == 0))
        {
            long[] numbers = new long[count];
            for (int i = 0; i < count; i++)
                numbers[i] = otherwise;
            return numbers;
        }
        return given.Ints.Length == count && Array.TrueForAll(given.Ints, n => n >= least && n <= int.MaxValue) ? given.Ints : null;
    }

    private Dim? Places(int axis, Dim size, bool ceiling)
    {
        Dim stride = Dim.Of(_strides[axis]);
        if (IsSame)
            return Dim.CeilingDivide(size, stride);
        if (Extent(axis) is not { } extent || size + Dim.Of(_pads[axis]) is not { } end || end + Dim.Of(_pads[axis + Rank]) is not { } padded
            || padded - extent is not { } room)
        {
            return null;
        }
        // The window does not fit: an error when it runs, or nothing sensible.
        if (room.Value < 0)
            return null;
        if (!ceiling)
            return Dim.FloorDivide(room, stride) is { } whole ? whole + Dim.One : null;
        if (Dim.CeilingDivide(room, stride) is not { } started || started + Dim.One is not { } places)
            return null;
        // No window starts beyond the end. That can only happen where one could: the common cases keep their short form.
        if ((Dim.Of(_pads[axis + Rank] + _strides[axis]) - extent)?.Value <= 0)
            return places;
        return Dim.CeilingDivide(end, stride) is { } starts ? Dim.Min(places, starts) : null;
    }

    // As many as places and strides say, or what the windows cover, if that is less.
    private Dim? SameSize(int axis, Dim places, long outputPadding)
    {
        Dim stride = Dim.Of(_strides[axis]);
        if (Extent(axis) is not { } extent || (extent + Dim.Of(outputPadding))?.Value is not { } covered)
            return null;
        if (covered >= _strides[axis])
            return places * stride;
        return places - Dim.One is { } steps && steps * stride is { } last ? last + Dim.Of(covered) : null;
    }

    private Dim? Size(int axis, Dim places, long outputPadding) =>
        places - Dim.One is { } steps && steps * Dim.Of(_strides[axis]) is { } last && Extent(axis) is { } extent && last + extent is { } whole
            ? whole + Dim.Of(outputPadding - _pads[axis] - _pads[axis + Rank])
            : null;

    // From the first element that the window reads to the last.
    private Dim? Extent(int axis) =>
        _kernel[axis] - Dim.One is { } steps && steps * Dim.Of(_dilations[axis]) is { } length ? length + Dim.One : null;
}
