namespace PageReader.Drawing;

/// <summary>Where a line starts, how large it is and how it rises.</summary>
/// <param name="X">Left end.</param>
/// <param name="Baseline">The base line there, from the top.</param>
/// <param name="Unit">Pixels of a tenth of the capitals' height.</param>
/// <param name="Slope">Pixels down for each to the right.</param>
public readonly record struct LinePlace(float X, float Baseline, float Unit, float Slope = 0);
