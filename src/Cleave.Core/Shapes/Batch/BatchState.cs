namespace Cleave.Core.Shapes.Batch;

/// <summary>How a value depends on the batch.</summary>
internal enum BatchKind
{
    /// <summary>It is the same, whatever samples there are and however many.</summary>
    Independent,

    /// <summary>Each sample has its part of the value, and that part is what the sample alone would give.</summary>
    PerSample,

    /// <summary>Whole numbers computed from shapes, the size of the batch among them.</summary>
    Sizes,

    /// <summary>It may be anything.</summary>
    Mixed,
}

/// <summary>How a value depends on the batch; what is proven of it.</summary>
/// <param name="Kind">In one word.</param>
/// <param name="Axis">Per sample: the axis along which the samples lie, one behind the other.</param>
/// <param name="Inner">Per sample: how many places of the axis each sample has.</param>
/// <param name="Reason">Mixed: which node, and why.</param>
internal readonly record struct BatchState(BatchKind Kind, int Axis = 0, Dim? Inner = null, string? Reason = null)
{
    public static readonly BatchState Independent = new(BatchKind.Independent);

    public static readonly BatchState Sizes = new(BatchKind.Sizes);

    public bool IsPerSample => Kind == BatchKind.PerSample;

    public static BatchState PerSample(int axis, Dim inner) => new(BatchKind.PerSample, axis, inner);

    public static BatchState Mixed(string reason) => new(BatchKind.Mixed, Reason: reason);
}
