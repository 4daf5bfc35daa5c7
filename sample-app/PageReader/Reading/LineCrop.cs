using PageReader.Imaging;

namespace PageReader.Reading;

/// <summary>A line, cut out and brought to the height and brightness that the models were trained on.</summary>
/// <param name="Width">Columns: a multiple of <see cref="WidthStep"/>.</param>
/// <param name="Pixels">[1, <see cref="Height"/>, width]: 0 is paper, 1 is ink.</param>
public sealed record LineCrop(int Width, float[] Pixels)
{
    /// <summary>Rows of the models' input.</summary>
    public const int Height = 24;

    /// <summary>Rows from the line's top to its bottom; the rest is free.</summary>
    public const int Band = 20;

    /// <summary>How much wider than high pixels become: narrow letters that stand side by side stay apart.</summary>
    public const float Stretch = 1.2f;

    /// <summary>Free room at both ends, in parts of the line's height.</summary>
    public const float Margin = 0.5f;

    public const int WidthStep = 8;

    /// <summary>Longer lines are squeezed.</summary>
    public const int MostWidth = 4096;

    private const int ShadeStep = 48;

    public static LineCrop Of(GrayImage image, TextLine line, float margin = Margin)
    {
        float scaleY = Math.Max(line.Height, 1) / Band;
        float scaleX = scaleY / Stretch;
        float left = line.Left - margin * line.Height;
        float length = line.Width + 2 * margin * line.Height;
        int width = (int)((length / scaleX + WidthStep - 1) / WidthStep) * WidthStep;
        if (width > MostWidth)
        {
            width = MostWidth;
            scaleX = length / width;
        }
        float[] light = new float[width * Height];
        for (int x = 0; x < width; x++)
        {
            float fromX = left + x * scaleX;
            float shift = line.Top + line.Slope * (fromX + scaleX * 0.5f - line.Left);
            for (int y = 0; y < Height; y++)
            {
                float fromY = shift + (y - (Height - Band) * 0.5f) * scaleY;
                light[y * width + x] = Mean(image, fromX, fromY, scaleX, scaleY);
            }
        }
        ToInk(light, width);
        return new LineCrop(width, light);
    }

    /// <summary>The same line, upside down.</summary>
    public LineCrop Turned()
    {
        float[] turned = (float[])Pixels.Clone();
        Array.Reverse(turned);
        return this with { Pixels = turned };
    }

    // The mean over a rectangle, between pixels where it is small.
    private static float Mean(GrayImage image, float x, float y, float width, float height)
    {
        int samplesX = Math.Clamp((int)MathF.Ceiling(width), 1, 8);
        int samplesY = Math.Clamp((int)MathF.Ceiling(height), 1, 8);
        float sum = 0;
        for (int j = 0; j < samplesY; j++)
        {
            float atY = y + (j + 0.5f) * height / samplesY - 0.5f;
            int y0 = (int)MathF.Floor(atY);
            float fy = atY - y0;
            for (int i = 0; i < samplesX; i++)
            {
                float atX = x + (i + 0.5f) * width / samplesX - 0.5f;
                int x0 = (int)MathF.Floor(atX);
                float fx = atX - x0;
                sum += (Pixel(image, x0, y0) * (1 - fx) + Pixel(image, x0 + 1, y0) * fx) * (1 - fy)
                    + (Pixel(image, x0, y0 + 1) * (1 - fx) + Pixel(image, x0 + 1, y0 + 1) * fx) * fy;
            }
        }
        return sum / (samplesX * samplesY);
    }

    private static float Pixel(GrayImage image, int x, int y) =>
        image[Math.Clamp(x, 0, image.Width - 1), Math.Clamp(y, 0, image.Height - 1)];

    // Paper is what most of the neighbourhood shows, ink the darkest of the line: a shadow over a part of it does not matter.
    private static void ToInk(float[] light, int width)
    {
        int windows = Math.Max(1, width / ShadeStep);
        float[] paper = new float[windows];
        for (int i = 0; i < windows; i++)
        {
            int from = i * width / windows;
            int to = (i + 1) * width / windows;
            float[] part = new float[(to - from) * Height];
            for (int y = 0; y < Height; y++)
                light.AsSpan(y * width + from, to - from).CopyTo(part.AsSpan(y * (to - from)));
            Array.Sort(part);
            paper[i] = Math.Max(1, part[part.Length * 7 / 10]);
        }
        for (int x = 0; x < width; x++)
        {
            float at = Math.Clamp((x + 0.5f) * windows / width - 0.5f, 0, windows - 1);
            int i = Math.Min((int)at, Math.Max(0, windows - 2));
            float white = windows == 1 ? paper[0] : paper[i] + (paper[i + 1] - paper[i]) * (at - i);
            for (int y = 0; y < Height; y++)
                light[y * width + x] = 1 - light[y * width + x] / white;
        }
        float[] sorted = (float[])light.Clone();
        Array.Sort(sorted);
        float black = Math.Max(0.05f, sorted[sorted.Length * 97 / 100]);
        for (int i = 0; i < light.Length; i++)
            light[i] = Math.Clamp(light[i] / black, 0, 1);
    }
}
