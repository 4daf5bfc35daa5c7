using LabelGlyphsModel.Drawing;
using LabelReader.Imaging;

namespace LabelGlyphsModel;

/// <summary>A picture of a label that comes with the application, and what it says.</summary>
internal sealed record SampleImage(string FileName, string[] Lines, BitmapFont Font, int Width, int Height, float LetterHeight, Look Look, ulong Seed)
{
    /// <summary>Letter heights lie in the bands that training leaves out.</summary>
    public static readonly SampleImage[] All =
    [
        new("shelf-label.png", ["ARTICLE 4071816", "BIN C12 SHELF 7", "LOT 8Q5Z K3 2026"], Fonts.Plain, 400, 170, 26, new Look
        {
            Weight = 0.4f, Angle = 1.6f, Paper = 205, Ink = 58, LightAcross = -0.55f, LightDown = 0.3f, Blur = 1, Noise = 9, Table = 10,
        }, 1001),
        new("parcel.ppm", ["PARCEL 3 OF 8", "DOCK 14 GATE B", "JX96 QK5 WV0UM", "ZONE 7 HEAVY"], Fonts.Bold, 380, 150, 18.6f, new Look
        {
            Weight = 0.44f, Angle = -2.1f, Paper = 185, Ink = 60, LightAcross = 0.35f, LightDown = -0.5f, Blur = 1, Noise = 11, Table = 8,
        }, 1002),
    ];

    public GrayImage Draw()
    {
        Print print = new(Width, Height);
        float unit = LetterHeight / Font.Height;
        float advance = LetterHeight * 1.65f;
        float top = (Height - advance * (Lines.Length - 1) - LetterHeight) / 2;
        for (int i = 0; i < Lines.Length; i++)
            print.Text(Lines[i], Font, Look.Table + 18, top + i * advance, unit, unit, Look);
        return print.Photograph(Look, new SeededRandom(Seed));
    }

    /// <summary>The file's bytes: PNG, or PPM in the colour of cardboard.</summary>
    public byte[] Encode() => FileName.EndsWith(".png", StringComparison.Ordinal)
        ? ImageWriter.Png(Draw())
        : ImageWriter.Ppm(Draw(), red: 1.08f, green: 1.0f, blue: 0.82f);
}
