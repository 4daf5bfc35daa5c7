namespace PageReader.Reading;

/// <summary>A rectangle of pixels; <paramref name="Right"/> and <paramref name="Bottom"/> are just outside.</summary>
public readonly record struct Box(int Left, int Top, int Right, int Bottom)
{
    public int Width => Right - Left;

    public int Height => Bottom - Top;

    public float CentreY => (Top + Bottom) * 0.5f;

    public Box Union(Box other) => new(
        Math.Min(Left, other.Left), Math.Min(Top, other.Top), Math.Max(Right, other.Right), Math.Max(Bottom, other.Bottom));

    /// <summary>How many columns both have.</summary>
    public int SharedColumns(Box other) => Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left));

    /// <summary>How many rows both have.</summary>
    public int SharedRows(Box other) => Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));
}
