using PageReader.Drawing;
using PageReader.Imaging;

namespace PageReader.Training.Pages;

/// <summary>A page with known text.</summary>
internal sealed record DrawnPage(int Width, int Height, IReadOnlyList<PlacedText> Texts, Look Look, ulong Seed)
{
    /// <summary>How much the page is turned: pixels down for each to the right.</summary>
    public float Slope { get; init; }

    public bool UpsideDown { get; init; }

    /// <summary>What it says, in reading order; what stands side by side is one row.</summary>
    public required IReadOnlyList<string> Text { get; init; }

    public GrayImage Draw()
    {
        Canvas canvas = new(Width, Height);
        foreach (PlacedText text in Texts)
        {
            float shift = (text.X - Width * 0.5f) * Slope;
            TextPainter.Draw(canvas, text.Text, text.Style, new LinePlace(text.X, text.Baseline + shift, text.Unit, Slope));
        }
        GrayImage image = Photograph.Take(canvas, Look, new SeededRandom(Seed));
        if (UpsideDown)
            Array.Reverse(image.Pixels);
        return image;
    }
}
