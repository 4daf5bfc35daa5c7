using System;

namespace Cleave.Calls;

/// <summary>Which outputs come in the shape that the model declares. One that ever came otherwise is not trusted again. Thread-safe.</summary>
internal sealed class OutputPredictions(ShapeTable shapes, int outputs)
{
    private readonly bool[] _wrong = new bool[outputs];

    /// <summary>Whether the output may be bound to memory of the declared shape, now that it came with <paramref name="actual"/>.</summary>
    public bool Hold(int output, ReadOnlySpan<int> dims, ReadOnlySpan<int> actual)
    {
        if (_wrong[output] || shapes.OutputShape(output, dims) is not { } declared)
            return false;
        if (actual.SequenceEqual(declared))
            return true;
        Distrust(output);
        return false;
    }

    /// <summary>From now on the output is not bound any more.</summary>
    public void Distrust(int output) => _wrong[output] = true;
}
