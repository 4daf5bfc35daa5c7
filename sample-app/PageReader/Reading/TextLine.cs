namespace PageReader.Reading;

/// <summary>A line of text on the page, perhaps a rising or falling one.</summary>
/// <param name="Left">Its left end.</param>
/// <param name="Right">Its right end.</param>
/// <param name="Top">Its top, at the left end.</param>
/// <param name="Bottom">Its bottom, at the left end.</param>
/// <param name="Slope">Pixels down for each to the right.</param>
public sealed record TextLine(float Left, float Right, float Top, float Bottom, float Slope)
{
    public float Width => Right - Left;

    public float Height => Bottom - Top;

    /// <summary>The middle of the line, from the page's top.</summary>
    public float CentreY => (Top + Bottom + Slope * Width) / 2;
}
