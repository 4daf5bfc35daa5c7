using LabelGlyphsModel.Drawing;
using LabelReader.Imaging;
using LabelReader.Reading;

namespace LabelGlyphsModel.Training;

/// <summary>Labelled characters, cut out by the application's own code.</summary>
internal sealed class GlyphSet(List<float[]> glyphs, List<int> labels)
{
    /// <summary>Heights of a character in pixels. What is tested, and what the sample images show, lies in bands that training leaves out.</summary>
    public static readonly (float Least, float Most)[] TrainingHeights = [(11, 17), (20, 25), (28, 42)];
    public static readonly (float Least, float Most)[] HeldOutHeights = [(17, 20), (25, 28), (42, 50)];

    public int Count => labels.Count;

    public float[] Glyph(int index) => glyphs[index];

    public int Label(int index) => labels[index];

    public static GlyphSet Draw(int count, ulong seed, (float Least, float Most)[] heights)
    {
        SeededRandom random = new(seed);
        List<float[]> glyphs = new(count);
        List<int> labels = new(count);
        for (int i = 0; i < count; i++)
        {
            int letter = i % Transcript.Classes.Length;
            glyphs.Add(DrawOne(letter, random, heights));
            labels.Add(letter);
        }
        return new GlyphSet(glyphs, labels);
    }

    private static float[] DrawOne(int letter, SeededRandom random, (float Least, float Most)[] heights)
    {
        const int Attempts = 20;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            BitmapFont font = random.Below(2) == 0 ? Fonts.Plain : Fonts.Bold;
            (float least, float most) = heights[random.Below(heights.Length)];
            float unitY = random.Range(least, most) / font.Height;
            float unitX = unitY * random.Range(0.85f, 1.15f);
            Look look = Look.Random(random);
            int width = (int)(font.Width * unitX + 28);
            int height = (int)(font.Height * unitY + 28);
            GrayImage image = new Print(width, height)
                .Text(Transcript.Classes.Substring(letter, 1), font, 14 + random.Range(-1, 1), 14 + random.Range(-1, 1), unitX, unitY, look)
                .Photograph(look, random);
            if (CutOut(image) is { } glyph)
                return glyph;
        }
        throw new InvalidOperationException($"The letter {Transcript.Classes[letter]} was not found in {Attempts} pictures of it.");
    }

    // Null where noise and blur left no character, or more than one.
    private static float[]? CutOut(GrayImage image)
    {
        Page page = Page.TakeApart(image);
        return page.GlyphCount == 1 ? page.Glyphs : null;
    }
}
