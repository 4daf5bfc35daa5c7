using PageReader.Drawing;

namespace PageReader.Training;

/// <summary>Styles of letters as printers have them.</summary>
internal static class RandomStyle
{
    public static TextStyle Draw(SeededRandom random)
    {
        bool equal = random.Below(5) < 2;
        float stretch = random.Below(10) == 0 ? random.Range(1.2f, 1.7f) : random.Range(0.78f, 1.22f);
        float pen = random.Below(4) == 0 ? random.Range(1.4f, 2.1f) : random.Range(0.6f, 1.4f);
        bool dots = random.Below(9) == 0;
        return new TextStyle
        {
            EqualWidths = equal,
            Stretch = stretch,
            Cell = random.Range(7.8f, 10.2f) * Math.Max(0.9f, stretch),
            Pen = dots ? random.Range(0.9f, 1.3f) : pen,
            Slant = random.Below(4) == 0 ? random.Range(0.1f, 0.28f) : random.Range(-0.05f, 0.05f),
            Bearing = pen * 0.5f + random.Range(0.55f, 1.15f),
            Space = random.Range(4.3f, 7.5f),
            SmallLetters = random.Range(0.9f, 1.08f),
            Round = random.Below(3) > 0,
            Squareness = random.Range(-0.15f, 0.3f),
            Serifs = random.Below(4) == 0 ? random.Range(0.5f, 1.3f) : 0,
            Dots = dots ? random.Range(0.9f, 1.6f) : 0,
            Shape = random.Below(97),
        };
    }
}
