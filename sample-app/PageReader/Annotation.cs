using PageReader.Drawing;
using PageReader.Imaging;
using PageReader.Reading;

namespace PageReader;

/// <summary>The page with a box around each line, and beside it the same page as it was read.</summary>
internal static class Annotation
{
    private static readonly (byte Red, byte Green, byte Blue) Sure = (24, 128, 56);
    private static readonly (byte Red, byte Green, byte Blue) Unsure = (196, 60, 24);
    private static readonly TextStyle Letters = new() { Pen = 1.05f, Bearing = 1.3f };

    private const float SureFrom = 0.9f;

    // Larger pages are made smaller: the picture is for looking at.
    private const int MostSide = 1600;

    /// <summary>A PNG file.</summary>
    public static byte[] Png(Scan scan)
    {
        GrayImage image = scan.Page.Image;
        int scale = (Math.Max(image.Width, image.Height) + MostSide - 1) / MostSide;
        int width = image.Width / scale;
        int height = image.Height / scale;
        byte[] pixels = new byte[2 * width * height * 3];
        for (int y = 0; y < height; y++)
        {
            int row = y * 2 * width * 3;
            for (int x = 0; x < width; x++)
                pixels.AsSpan(row + 3 * x, 3).Fill(image[x * scale, y * scale]);
            pixels.AsSpan(row + 3 * width, 3 * width).Fill(250);
        }
        for (int i = 0; i < scan.Page.Lines.Count; i++)
        {
            TextLine line = scan.Page.Lines[i];
            Transcript transcript = scan.Transcripts[i];
            if (!Scan.IsText(transcript))
                continue;
            (byte, byte, byte) colour = transcript.Confidence >= SureFrom ? Sure : Unsure;
            Canvas canvas = new(2 * width, height);
            Box(canvas, line, 1f / scale, 0);
            Text(canvas, line, transcript.Text, 1f / scale, width);
            Paint(canvas, pixels, colour, line, scale);
        }
        return PngWriter.Rgb(2 * width, height, pixels);
    }

    private static void Box(Canvas canvas, TextLine line, float scale, float shift)
    {
        float reach = 0.15f * line.Height;
        float left = (line.Left - reach) * scale + shift;
        float right = (line.Right + reach) * scale + shift;
        float top = (line.Top - reach) * scale;
        float bottom = (line.Bottom + reach) * scale;
        float fall = line.Slope * line.Width * scale;
        canvas.Line((left, top), (right, top + fall), 0.8f);
        canvas.Line((right, top + fall), (right, bottom + fall), 0.8f);
        canvas.Line((right, bottom + fall), (left, bottom), 0.8f);
        canvas.Line((left, bottom), (left, top), 0.8f);
    }

    // As high as the line, and narrowed where it would be longer.
    private static void Text(Canvas canvas, TextLine line, string text, float scale, float shift)
    {
        bool descends = text.AsSpan().ContainsAny("gjpqy()@$");
        float unit = line.Height * scale / (descends ? 13 : 10);
        float length = TextPainter.Measure(text, Letters) * unit;
        float room = line.Width * scale;
        TextStyle style = Letters with { Stretch = Math.Min(1, room / length), Bearing = Letters.Bearing * Math.Min(1, room / length), Space = Letters.Space * Math.Min(1, room / length) };
        TextPainter.Draw(canvas, text, style, new LinePlace(line.Left * scale + shift, line.Top * scale + 10 * unit, unit, line.Slope));
    }

    private static void Paint(Canvas canvas, byte[] pixels, (byte Red, byte Green, byte Blue) colour, TextLine line, int scale)
    {
        int fall = (int)Math.Abs(line.Slope * line.Width);
        int from = Math.Clamp((int)(line.Top - line.Height - fall) / scale, 0, canvas.Height);
        int to = Math.Clamp((int)(line.Bottom + line.Height + fall) / scale, 0, canvas.Height);
        for (int i = from * canvas.Width; i < to * canvas.Width; i++)
        {
            float ink = canvas.Coverage[i];
            pixels[3 * i] = Mixed(pixels[3 * i], colour.Red, ink);
            pixels[3 * i + 1] = Mixed(pixels[3 * i + 1], colour.Green, ink);
            pixels[3 * i + 2] = Mixed(pixels[3 * i + 2], colour.Blue, ink);
        }
    }

    private static byte Mixed(byte paper, byte ink, float part) => (byte)(paper + (ink - paper) * part + 0.5f);
}
