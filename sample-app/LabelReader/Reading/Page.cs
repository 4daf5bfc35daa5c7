using LabelReader.Imaging;

namespace LabelReader.Reading;

/// <summary>An image taken apart: its lines, and all of its characters as one batch for the model.</summary>
public sealed class Page
{
    private Page(IReadOnlyList<TextLine> lines, float[] glyphs)
    {
        Lines = lines;
        Glyphs = glyphs;
    }

    public IReadOnlyList<TextLine> Lines { get; }

    public int GlyphCount => Glyphs.Length / GlyphCrop.Size;

    /// <summary>The characters one after another, line by line: [<see cref="GlyphCount"/>, 1, 24, 16].</summary>
    public float[] Glyphs { get; }

    public static Page TakeApart(GrayImage image)
    {
        InkMask ink = InkMask.Of(image);
        IReadOnlyList<TextLine> lines = LineFinder.Find(ink);
        float[] glyphs = new float[lines.Sum(l => l.Glyphs.Count) * GlyphCrop.Size];
        int at = 0;
        foreach (Box box in lines.SelectMany(l => l.Glyphs))
        {
            GlyphCrop.Write(image, ink, box, glyphs.AsSpan(at, GlyphCrop.Size));
            at += GlyphCrop.Size;
        }
        return new Page(lines, glyphs);
    }
}
