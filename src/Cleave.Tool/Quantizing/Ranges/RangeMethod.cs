namespace Cleave.Tool.Quantizing.Ranges;

/// <summary>How the range of a value's elements is chosen.</summary>
internal enum RangeMethod
{
    /// <summary>All that occurred.</summary>
    MinMax,

    /// <summary>Without the outermost of ten thousand.</summary>
    Percentile,

    /// <summary>The one with the least mean squared error.</summary>
    LeastSquares,
}
