using LabelReader.Imaging;

namespace LabelReader.Reading;

/// <summary>Cuts a character out of the image, in the size and brightness that the model was trained on.</summary>
public static class GlyphCrop
{
    /// <summary>Rows and columns of the model's input.</summary>
    public const int Height = 24;
    public const int Width = 16;
    public const int Size = Height * Width;

    // One pixel of paper stays free on each side.
    private const int Border = 1;

    /// <summary>Fills <paramref name="target"/> (<see cref="Size"/> values): 0 is paper, 1 is ink; the shape keeps its proportions.</summary>
    public static void Write(GrayImage image, InkMask ink, Box box, Span<float> target)
    {
        (float paper, float black) = Levels(image, ink, box);
        float contrast = Math.Max(1, paper - black);
        float scale = Math.Max((float)box.Height / (Height - 2 * Border), (float)box.Width / (Width - 2 * Border));
        float left = (box.Left + box.Right) * 0.5f - Width * 0.5f * scale;
        float top = (box.Top + box.Bottom) * 0.5f - Height * 0.5f * scale;
        int samples = Math.Clamp((int)MathF.Ceiling(scale), 2, 8);
        float step = scale / samples;
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                float sum = 0;
                for (int i = 0; i < samples * samples; i++)
                {
                    float sampleX = left + x * scale + (i % samples + 0.5f) * step;
                    float sampleY = top + y * scale + (i / samples + 0.5f) * step;
                    sum += Math.Clamp((paper - At(image, box, paper, sampleX, sampleY)) / contrast, 0, 1);
                }
                target[y * Width + x] = sum / (samples * samples);
            }
        }
    }

    private static (float Paper, float Black) Levels(GrayImage image, InkMask ink, Box box)
    {
        long paper = 0, papers = 0, black = 0, blacks = 0;
        for (int y = Math.Max(0, box.Top - 2); y < Math.Min(image.Height, box.Bottom + 2); y++)
        {
            for (int x = Math.Max(0, box.Left - 2); x < Math.Min(image.Width, box.Right + 2); x++)
            {
                if (ink[x, y])
                    (black, blacks) = (black + image[x, y], blacks + 1);
                else
                    (paper, papers) = (paper + image[x, y], papers + 1);
            }
        }
        return (papers == 0 ? 255 : (float)paper / papers, blacks == 0 ? 0 : (float)black / blacks);
    }

    // Between the four nearest pixels; what lies outside the box belongs to a neighbour and counts as paper.
    private static float At(GrayImage image, Box box, float paper, float x, float y)
    {
        x -= 0.5f;
        y -= 0.5f;
        int x0 = (int)MathF.Floor(x);
        int y0 = (int)MathF.Floor(y);
        float fx = x - x0;
        float fy = y - y0;
        return (Pixel(x0, y0) * (1 - fx) + Pixel(x0 + 1, y0) * fx) * (1 - fy)
            + (Pixel(x0, y0 + 1) * (1 - fx) + Pixel(x0 + 1, y0 + 1) * fx) * fy;

        float Pixel(int px, int py) =>
            px < box.Left || px >= box.Right || py < box.Top || py >= box.Bottom ? paper : image[px, py];
    }
}
