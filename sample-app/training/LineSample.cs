using PageReader.Drawing;
using PageReader.Imaging;
using PageReader.Reading;

namespace PageReader.Training;

/// <summary>A drawn line as the recogniser gets it, with the class of each step.</summary>
/// <param name="Crop">The line, cut out by the application's own code.</param>
/// <param name="Steps">The class that each step should give; <see cref="Any"/> where that does not matter.</param>
internal sealed record LineSample(LineCrop Crop, int[] Steps)
{
    public const int Any = -1;

    // In parts of a character's room: nearer to its middle than the first it is the character, beyond the second it is blank.
    private const float Inner = 0.23f;
    private const float Outer = 0.3f;

    public static LineSample Draw(SeededRandom random, int longest)
    {
        TextStyle style = RandomStyle.Draw(random);
        // The sizes are spread evenly over their logarithms, roughly: small ones are as frequent as large ones.
        float unit = 1.05f * (1 + random.Range(0, 1) * (1 + random.Range(0, 1.4f)));
        float most = longest * 0.72f / (LineCrop.Band * LineCrop.Stretch / 13f);
        string text = RandomText.Line(random, 4 + random.Below(18));
        while (text.Length > 1 && TextPainter.Measure(text, style) > most)
            text = text[..^1].TrimEnd();

        float height = 10 * unit;
        int width = (int)(TextPainter.Measure(text, style) * unit + 3.4f * height);
        Canvas canvas = new(width, (int)(3 * height));
        LinePlace place = new(1.7f * height, 1.9f * height + random.Range(0, 1), unit, random.Range(-0.025f, 0.025f));
        IReadOnlyList<DrawnCharacter> drawn = TextPainter.Draw(canvas, text, style, place);
        TextLine line = Found(canvas, place, random);
        GrayImage image = Photograph.Take(canvas, Look.Random(random, unit), random);
        float margin = LineCrop.Margin + random.Range(-0.3f, 0.2f);
        LineCrop crop = LineCrop.Of(image, line, margin);
        float scale = LineCrop.Band * LineCrop.Stretch / line.Height;
        float start = (place.X - line.Left + margin * line.Height) * scale;
        return new LineSample(crop, Label(crop.Width / Alphabet.ColumnsPerStep, drawn, start, scale));
    }

    // What the application would find, not quite exactly.
    private static TextLine Found(Canvas canvas, LinePlace place, SeededRandom random)
    {
        float left = canvas.Width, right = 0, top = canvas.Height, bottom = 0;
        for (int y = 0; y < canvas.Height; y++)
        {
            for (int x = 0; x < canvas.Width; x++)
            {
                if (canvas.Coverage[y * canvas.Width + x] < 0.5f)
                    continue;
                float level = y - (x - place.X) * place.Slope;
                (left, right) = (Math.Min(left, x), Math.Max(right, x + 1));
                (top, bottom) = (Math.Min(top, level), Math.Max(bottom, level + 1));
            }
        }
        if (right <= left)
            (left, right, top, bottom) = (place.X, place.X + place.Unit * 10, place.Baseline - place.Unit * 10, place.Baseline);
        // A line of nothing but dots and dashes is not as high as its ink.
        float height = Math.Max(bottom - top, 6.5f * place.Unit);
        float slope = place.Slope + random.Range(-0.006f, 0.006f);
        float start = top + (left - place.X) * slope;
        return new TextLine(
            left, right, start + height * random.Range(-0.07f, 0.05f), start + height * (1 + random.Range(-0.05f, 0.07f)), slope);
    }

    private static int[] Label(int steps, IReadOnlyList<DrawnCharacter> drawn, float start, float scale)
    {
        int[] labels = new int[steps];
        foreach (DrawnCharacter c in drawn)
        {
            float room = (c.End - c.Start) * scale / Alphabet.ColumnsPerStep;
            float middle = (start + (c.Start + c.End) * 0.5f * scale) / Alphabet.ColumnsPerStep - 0.5f;
            int nearest = (int)MathF.Round(middle);
            int label = Alphabet.Classes.IndexOf(c.Character);
            for (int step = Math.Max(0, nearest - (int)room - 1); step <= Math.Min(steps - 1, nearest + (int)room + 1); step++)
            {
                float away = Math.Abs(step - middle);
                if (step == nearest || away <= Inner * room)
                    labels[step] = label;
                else if (away <= Outer * room && labels[step] == Alphabet.Blank)
                    labels[step] = Any;
            }
        }
        return labels;
    }
}
