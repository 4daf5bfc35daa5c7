namespace PageReader.Imaging;

/// <summary>One byte for each pixel, row by row from the top; 0 is black.</summary>
public sealed class GrayImage
{
    /// <summary>Larger images are refused: a damaged header must not make the program ask for all memory.</summary>
    public const int MostPixels = 40_000_000;

    /// <summary>Longest side: the memory for a few rows stays small too.</summary>
    public const int MostSide = 32_000;

    public GrayImage(int width, int height)
    {
        ThrowIfUnusable(width, height);
        Width = width;
        Height = height;
        Pixels = new byte[width * height];
    }

    public int Width { get; }

    public int Height { get; }

    public byte[] Pixels { get; }

    public byte this[int x, int y]
    {
        get => Pixels[y * Width + x];
        set => Pixels[y * Width + x] = value;
    }

    /// <summary>Refuses what an image file's header claims, before anything of that size is made.</summary>
    public static void ThrowIfUnusable(long width, long height)
    {
        if (width <= 0 || height <= 0)
            throw new ImageException("the image is empty");
        if (width > MostSide || height > MostSide || width * height > MostPixels)
            throw new ImageException($"the image is too large ({width} x {height}; at most {MostPixels / 1_000_000} megapixels, and {MostSide} pixels a side)");
    }

    /// <summary>The brightness of a colour, as eyes weigh it (BT.601).</summary>
    public static byte Luminance(int red, int green, int blue) =>
        (byte)((red * 299 + green * 587 + blue * 114 + 500) / 1000);
}

/// <summary>A file that cannot be read as an image. The message fits into one line.</summary>
public sealed class ImageException(string message, Exception? inner = null) : Exception(message, inner);
