namespace PageReader.Training;

/// <summary>How a print looks in the camera or scanner. Brightness from 0 (black) to 255.</summary>
public sealed record Look
{
    public float Paper { get; init; } = 235;

    public float Ink { get; init; } = 35;

    /// <summary>Change of the light from edge to edge, in parts of its mean.</summary>
    public float LightAcross { get; init; }

    public float LightDown { get; init; }

    /// <summary>How often each pixel becomes the mean of nine; the part after the point is done in part.</summary>
    public float Blur { get; init; }

    /// <summary>Deviation of the brightness of each pixel.</summary>
    public float Noise { get; init; }

    /// <summary>Part of the pixels that are specks, black or white.</summary>
    public float Specks { get; init; }

    /// <summary>A print or scan as offices make them.</summary>
    internal static Look Usual(SeededRandom random)
    {
        float paper = random.Range(160, 250);
        return new Look
        {
            Paper = paper,
            Ink = paper * random.Range(0.1f, 0.45f),
            LightAcross = random.Range(-0.3f, 0.3f),
            LightDown = random.Range(-0.2f, 0.2f),
            Blur = random.Range(0.2f, 1.3f),
            Noise = random.Range(0, 12),
        };
    }

    /// <summary>Anything from a clean print to a bad copy.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="unit">Pixels of a tenth of the letters' height: small letters survive less blur.</param>
    internal static Look Random(SeededRandom random, float unit)
    {
        float paper = random.Range(130, 252);
        return new Look
        {
            Paper = paper,
            Ink = paper * random.Range(0.08f, 0.52f),
            LightAcross = random.Range(-0.4f, 0.4f),
            LightDown = random.Range(-0.1f, 0.1f),
            Blur = random.Range(0, Math.Clamp(unit * 0.9f - 0.2f, 0.5f, 2.2f)),
            Noise = random.Below(4) == 0 ? random.Range(8, 20) : random.Range(0, 9),
            Specks = random.Below(6) == 0 ? random.Range(0, 0.012f) : 0,
        };
    }
}
