using LabelReader.Imaging;
using LabelReader.Reading;

namespace LabelGlyphsModel.Drawing;

/// <summary>How a print looks in the camera. Brightness from 0 (black) to 255, angle in degrees.</summary>
internal sealed record Look
{
    public float Weight { get; init; } = 0.42f;

    public float Angle { get; init; }

    /// <summary>How far a letter's top leans to the right, in parts of its height.</summary>
    public float Slant { get; init; }

    public float Paper { get; init; } = 230;

    public float Ink { get; init; } = 40;

    /// <summary>Change of the light from edge to edge, in parts of its mean.</summary>
    public float LightAcross { get; init; }

    public float LightDown { get; init; }

    /// <summary>From 0 (sharp) to 1 (each pixel is the mean of nine).</summary>
    public float Blur { get; init; }

    public float Noise { get; init; }

    /// <summary>Width of the darker table that shows around the label.</summary>
    public float Table { get; init; }

    public static Look Random(SeededRandom random) => new()
    {
        Weight = random.Range(0.3f, 0.5f),
        Angle = random.Range(-4.5f, 4.5f),
        Slant = random.Range(-0.1f, 0.1f),
        Paper = random.Range(140, 250),
        Ink = random.Range(10, 85),
        LightAcross = random.Range(-0.35f, 0.35f),
        LightDown = random.Range(-0.35f, 0.35f),
        Blur = random.Range(0, 1),
        Noise = random.Range(0, 14),
    };
}

/// <summary>
/// Characters on paper. Only additions, multiplications, divisions and roots are used, which IEEE 754 defines
/// to the last bit, so the same seed gives the same pixels on every machine.
/// </summary>
internal sealed class Print(int width, int height)
{
    private const int Samples = 3;

    private readonly float[] _coverage = new float[width * height];

    /// <summary>Draws a line of text whose upper left corner is at (x, y) before the paper is turned.</summary>
    public Print Text(string text, BitmapFont font, float x, float y, float unitX, float unitY, Look look)
    {
        // The gap between letters is one stroke; words are one letter apart.
        float gap = font == Fonts.Bold ? 1.5f : 1;
        foreach (char c in text)
        {
            int letter = Transcript.Classes.IndexOf(c);
            if (letter >= 0)
                Letter(letter, font, x, y, unitX, unitY, look);
            x += (font.Width + gap) * unitX;
        }
        return this;
    }

    private void Letter(int letter, BitmapFont font, float left, float top, float unitX, float unitY, Look look)
    {
        (float sin, float cos) = SinCos(look.Angle);
        float centreX = width * 0.5f;
        float centreY = height * 0.5f;
        float midX = left + font.Width * unitX * 0.5f - centreX;
        float midY = top + font.Height * unitY * 0.5f - centreY;
        float shownX = centreX + midX * cos - midY * sin;
        float shownY = centreY + midX * sin + midY * cos;
        // Half of the letter's diagonal at most, and the slant.
        float reach = (font.Width * unitX + font.Height * unitY) * 0.6f + 2;
        for (int y = Math.Max(0, (int)(shownY - reach)); y < Math.Min(height, (int)(shownY + reach)); y++)
        {
            for (int x = Math.Max(0, (int)(shownX - reach)); x < Math.Min(width, (int)(shownX + reach)); x++)
            {
                int hits = 0;
                for (int i = 0; i < Samples * Samples; i++)
                {
                    float dx = x + (i % Samples + 0.5f) / Samples - centreX;
                    float dy = y + (i / Samples + 0.5f) / Samples - centreY;
                    float v = (-dx * sin + dy * cos + centreY - top) / unitY;
                    float u = (dx * cos + dy * sin + centreX - left) / unitX + (v - font.Height * 0.5f) * look.Slant;
                    if (font.HasInk(letter, u, v, look.Weight))
                        hits++;
                }
                int at = y * width + x;
                _coverage[at] = Math.Max(_coverage[at], (float)hits / (Samples * Samples));
            }
        }
    }

    /// <summary>What the camera sees.</summary>
    public GrayImage Photograph(Look look, SeededRandom random)
    {
        float[] light = new float[_coverage.Length];
        (float sin, float cos) = SinCos(look.Angle);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float dx = x + 0.5f - width * 0.5f;
                float dy = y + 0.5f - height * 0.5f;
                float paper = IsTable(dx * cos + dy * sin, -dx * sin + dy * cos, look) ? look.Paper * 0.45f : look.Paper;
                float value = paper + (look.Ink - paper) * _coverage[y * width + x];
                light[y * width + x] = value * (1 + look.LightAcross * dx / width + look.LightDown * dy / height);
            }
        }
        GrayImage image = new(width, height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                float seen = light[y * width + x];
                seen += (MeanOfNine(light, x, y) - seen) * look.Blur + random.Normal() * look.Noise;
                image[x, y] = (byte)Math.Clamp(seen + 0.5f, 0, 255);
            }
        }
        return image;
    }

    private bool IsTable(float x, float y, Look look) =>
        look.Table > 0 && (Math.Abs(x) > width * 0.5f - look.Table || Math.Abs(y) > height * 0.5f - look.Table);

    private float MeanOfNine(float[] light, int x, int y)
    {
        float sum = 0;
        for (int dy = -1; dy <= 1; dy++)
        {
            for (int dx = -1; dx <= 1; dx++)
                sum += light[Math.Clamp(y + dy, 0, height - 1) * width + Math.Clamp(x + dx, 0, width - 1)];
        }
        return sum / 9;
    }

    // The first terms of the series; exact enough for a few degrees, and the same everywhere.
    private static (float Sin, float Cos) SinCos(float degrees)
    {
        float a = degrees * 0.017453292f;
        return (a - a * a * a / 6, 1 - a * a / 2 + a * a * a * a / 24);
    }
}
