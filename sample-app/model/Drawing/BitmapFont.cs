using LabelReader.Reading;

namespace LabelGlyphsModel.Drawing;

/// <summary>A font of dots. The rows hold the characters side by side, in bands, in the order of the model's classes.</summary>
internal sealed class BitmapFont
{
    private readonly bool[][] _dots;

    public BitmapFont(int width, int height, string[] rows)
    {
        Width = width;
        Height = height;
        _dots = new bool[Transcript.Classes.Length][];
        int perBand = rows.Length == 0 ? 1 : (rows[0].Length + 1) / (width + 1);
        for (int letter = 0; letter < _dots.Length; letter++)
        {
            _dots[letter] = new bool[width * height];
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                    _dots[letter][y * width + x] = rows[letter / perBand * height + y][letter % perBand * (width + 1) + x] == '#';
            }
        }
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Whether there is ink at a point, in dots from the upper left corner. Corners are rounded; a smaller weight (0.3 to 0.5) draws bolder.</summary>
    public bool HasInk(int letter, float x, float y, float weight)
    {
        x -= 0.5f;
        y -= 0.5f;
        int x0 = (int)MathF.Floor(x);
        int y0 = (int)MathF.Floor(y);
        float fx = x - x0;
        float fy = y - y0;
        float ink = (Dot(letter, x0, y0) * (1 - fx) + Dot(letter, x0 + 1, y0) * fx) * (1 - fy)
            + (Dot(letter, x0, y0 + 1) * (1 - fx) + Dot(letter, x0 + 1, y0 + 1) * fx) * fy;
        return ink > weight;
    }

    private float Dot(int letter, int x, int y) =>
        x >= 0 && x < Width && y >= 0 && y < Height && _dots[letter][y * Width + x] ? 1 : 0;
}
