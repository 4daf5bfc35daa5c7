namespace PageReader.Drawing;

/// <summary>One movement of the pen. The capitals' height is 10, the small letters' 7, the base line lies at 0.</summary>
/// <param name="Curved">The points guide a curve (a quadratic B-spline that starts and ends at them); otherwise they are joined by straight lines.</param>
/// <param name="Closed">The curve ends where it starts.</param>
/// <param name="Points">At least one; a single one is a dot.</param>
public sealed record GlyphStroke(bool Curved, bool Closed, IReadOnlyList<(float X, float Y)> Points);
