namespace PageReader.Drawing;

/// <summary>Ink on paper: how much of each pixel is covered, from 0 to 1.</summary>
public sealed class Canvas(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>Row by row from the top.</summary>
    public float[] Coverage { get; } = new float[width * height];

    /// <summary>A line with round ends; a dot where it ends where it starts.</summary>
    public void Line((float X, float Y) from, (float X, float Y) to, float radius)
    {
        int left = Math.Max(0, (int)(Math.Min(from.X, to.X) - radius - 1));
        int right = Math.Min(Width - 1, (int)(Math.Max(from.X, to.X) + radius + 1));
        int top = Math.Max(0, (int)(Math.Min(from.Y, to.Y) - radius - 1));
        int bottom = Math.Min(Height - 1, (int)(Math.Max(from.Y, to.Y) + radius + 1));
        float alongX = to.X - from.X;
        float alongY = to.Y - from.Y;
        float length = alongX * alongX + alongY * alongY;
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                float dx = x + 0.5f - from.X;
                float dy = y + 0.5f - from.Y;
                float part = length == 0 ? 0 : Math.Clamp((dx * alongX + dy * alongY) / length, 0, 1);
                dx -= part * alongX;
                dy -= part * alongY;
                float covered = Math.Clamp(radius + 0.5f - MathF.Sqrt(dx * dx + dy * dy), 0, 1);
                ref float pixel = ref Coverage[y * Width + x];
                pixel = Math.Max(pixel, covered);
            }
        }
    }
}
