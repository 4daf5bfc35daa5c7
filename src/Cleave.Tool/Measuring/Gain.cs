namespace Cleave.Tool.Measuring;

/// <summary>How much faster one model is than another.</summary>
/// <param name="Before">Median time of a run before.</param>
/// <param name="After">And after.</param>
/// <param name="Ratio">How many times as fast, with 95 % certainty between the bounds.</param>
internal sealed record Gain(double Before, double After, Interval Ratio);
