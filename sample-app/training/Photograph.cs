using PageReader.Drawing;
using PageReader.Imaging;

namespace PageReader.Training;

/// <summary>Takes pictures of what was drawn.</summary>
internal static class Photograph
{
    public static GrayImage Take(Canvas canvas, Look look, SeededRandom random)
    {
        int width = canvas.Width;
        int height = canvas.Height;
        float[] light = new float[width * height];
        for (int y = 0; y < height; y++)
        {
            float down = look.LightDown * ((y + 0.5f) / height - 0.5f);
            for (int x = 0; x < width; x++)
            {
                float value = look.Paper + (look.Ink - look.Paper) * canvas.Coverage[y * width + x];
                light[y * width + x] = value * (1 + look.LightAcross * ((x + 0.5f) / width - 0.5f) + down);
            }
        }
        for (float left = look.Blur; left > 0; left--)
            light = Blurred(light, width, height, Math.Min(1, left));
        GrayImage image = new(width, height);
        for (int i = 0; i < light.Length; i++)
        {
            float seen = light[i];
            if (look.Noise > 0)
                seen += random.Normal() * look.Noise;
            if (look.Specks > 0 && random.Range(0, 1) < look.Specks)
                seen = random.Below(2) == 0 ? look.Ink : look.Paper;
            image.Pixels[i] = (byte)Math.Clamp(seen + 0.5f, 0, 255);
        }
        return image;
    }

    private static float[] Blurred(float[] light, int width, int height, float part)
    {
        float[] rows = new float[light.Length];
        for (int y = 0; y < height; y++)
        {
            int row = y * width;
            for (int x = 0; x < width; x++)
                rows[row + x] = light[row + Math.Max(0, x - 1)] + light[row + x] + light[row + Math.Min(width - 1, x + 1)];
        }
        float[] blurred = new float[light.Length];
        for (int y = 0; y < height; y++)
        {
            int row = y * width;
            int above = Math.Max(0, y - 1) * width;
            int below = Math.Min(height - 1, y + 1) * width;
            for (int x = 0; x < width; x++)
                blurred[row + x] = light[row + x] + (((rows[above + x] + rows[row + x] + rows[below + x]) / 9) - light[row + x]) * part;
        }
        return blurred;
    }
}
