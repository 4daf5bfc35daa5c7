using System;

namespace Cleave.Calls;

/// <summary>
/// Which outputs and values inside come in the shape that the model declares, or in the shape of the last call of the same dimensions. One that ever came otherwise is
/// not trusted again. Thread-safe.
/// </summary>
internal sealed class ResultPredictions(ShapeTable shapes, int results)
{
    private readonly bool[] _wrong = new bool[results];

    /// <summary>Whether the result may be bound to memory for the shape <paramref name="actual"/>, now that it came in it.</summary>
    public bool Hold(int result, ReadOnlySpan<int> dims, ReadOnlySpan<int> actual)
    {
        if (_wrong[result])
            return false;
        if (shapes.ResultShape(result, dims) is not { } declared)
            return shapes.IsSteady(result);
        if (actual.SequenceEqual(declared))
            return true;
        Distrust(result);
        return false;
    }

    /// <summary>The shape that the result is declared to have; null where that is not known, or was wrong once.</summary>
    public int[]? Expected(int result, ReadOnlySpan<int> dims) => _wrong[result] ? null : shapes.ResultShape(result, dims);

    /// <summary>From now on the result is not bound any more.</summary>
    public void Distrust(int result) => _wrong[result] = true;

    /// <summary>The same for all results whose shapes were taken from a run: no declared shape tells which of them came otherwise.</summary>
    public void DistrustSeen(ReadOnlySpan<int> dims)
    {
        for (int i = 0; i < _wrong.Length; i++)
        {
            // Not by |=, which would take back what another thread writes meanwhile.
            if (shapes.IsSteady(i) && shapes.ResultShape(i, dims) is null)
                Distrust(i);
        }
    }
}
