using System.Buffers.Binary;
using System.IO.Compression;

namespace PageReader.Imaging;

/// <summary>PNG, 8 bits a sample, not interlaced: gray, RGB, palette, each with or without alpha or transparent colours (drawn on white).</summary>
internal static class PngReader
{
    private const int Gray = 0;
    private const int Rgb = 2;
    private const int Palette = 3;
    private const int GrayAlpha = 4;
    private const int RgbAlpha = 6;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool Recognizes(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    public static GrayImage Read(byte[] file)
    {
        Parts parts = ReadChunks(file);
        GrayImage image = new(parts.Width, parts.Height);
        int samples = parts.ColourType switch { Rgb => 3, GrayAlpha => 2, RgbAlpha => 4, _ => 1 };
        parts.Data.Position = 0;
        using ZLibStream unpacked = new(parts.Data, CompressionMode.Decompress);
        byte[] row = new byte[parts.Width * samples];
        byte[] above = new byte[row.Length];
        for (int y = 0; y < parts.Height; y++)
        {
            ReadRow(unpacked, row, above, samples);
            for (int x = 0; x < parts.Width; x++)
                image[x, y] = ToGray(row.AsSpan(x * samples, samples), parts);
            (row, above) = (above, row);
        }
        return image;
    }

    private static Parts ReadChunks(byte[] file)
    {
        Parts? parts = null;
        int at = Signature.Length;
        while (at + 12 <= file.Length)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
            if (length > (uint)(file.Length - at - 12))
                throw new ImageException("the image is cut off");
            ReadOnlySpan<byte> typed = file.AsSpan(at + 4, 4 + (int)length);
            ReadOnlySpan<byte> body = typed[4..];
            if (Crc32.Of(typed) != BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + (int)length)))
                throw new ImageException("the image is damaged: a checksum does not match");
            at += 12 + (int)length;

            ReadOnlySpan<byte> type = typed[..4];
            if (parts is null)
                parts = type.SequenceEqual("IHDR"u8) ? ReadHeader(body) : throw new ImageException("the image is damaged: no header");
            else if (type.SequenceEqual("PLTE"u8))
                parts.Colours = body.ToArray();
            else if (type.SequenceEqual("tRNS"u8))
                parts.Transparency = body.ToArray();
            else if (type.SequenceEqual("IDAT"u8))
                parts.Data.Write(body);
            else if (type.SequenceEqual("IEND"u8))
                return Complete(parts);
            else if ((type[0] & 0x20) == 0)
                throw new ImageException("the image has a part that this reader does not know");
        }
        throw new ImageException("the image is cut off");
    }

    private static Parts ReadHeader(ReadOnlySpan<byte> header)
    {
        if (header.Length != 13)
            throw new ImageException("the image is damaged: its header has the wrong length");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        GrayImage.ThrowIfUnusable(width, height);
        int colourType = header[9];
        if (colourType is not (Gray or Rgb or Palette or GrayAlpha or RgbAlpha) || header[10] != 0 || header[11] != 0)
            throw new ImageException("the image is damaged: its header makes no sense");
        if (header[8] != 8)
            throw new ImageException($"only PNG images of 8 bits a sample are read; this one has {header[8]}");
        if (header[12] != 0)
            throw new ImageException("interlaced PNG images are not read; save it without interlacing");
        return new Parts((int)width, (int)height, colourType);
    }

    private static Parts Complete(Parts parts)
    {
        if (parts.ColourType == Palette && (parts.Colours.Length == 0 || parts.Colours.Length % 3 != 0))
            throw new ImageException("the image is damaged: its palette is missing");
        if (parts.Data.Length == 0)
            throw new ImageException("the image holds no pixels");
        return parts;
    }

    private static void ReadRow(ZLibStream unpacked, byte[] row, byte[] above, int samples)
    {
        int filter;
        try
        {
            filter = unpacked.ReadByte();
            unpacked.ReadExactly(row);
        }
        catch (EndOfStreamException e)
        {
            throw new ImageException("the image is cut off", e);
        }
        catch (InvalidDataException e)
        {
            throw new ImageException("the image is damaged: its pixels do not unpack", e);
        }
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= samples ? row[i - samples] : 0;
            int up = above[i];
            int corner = i >= samples ? above[i - samples] : 0;
            row[i] += filter switch
            {
                0 => (byte)0,
                1 => (byte)left,
                2 => (byte)up,
                3 => (byte)((left + up) / 2),
                4 => (byte)Paeth(left, up, corner),
                _ => throw new ImageException("the image is damaged: unknown row filter"),
            };
        }
    }

    // The neighbour nearest to left + up - corner, as PNG defines it.
    private static int Paeth(int left, int up, int corner)
    {
        int toLeft = Math.Abs(up - corner);
        int toUp = Math.Abs(left - corner);
        int toCorner = Math.Abs(left + up - 2 * corner);
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }

    private static byte ToGray(ReadOnlySpan<byte> pixel, Parts parts)
    {
        switch (parts.ColourType)
        {
            case Gray or Rgb when IsTransparent(pixel, parts.Transparency):
                return 255;
            case Gray:
                return pixel[0];
            case GrayAlpha:
                return OnWhite(pixel[0], pixel[1]);
            case Rgb:
                return GrayImage.Luminance(pixel[0], pixel[1], pixel[2]);
            case RgbAlpha:
                return OnWhite(GrayImage.Luminance(pixel[0], pixel[1], pixel[2]), pixel[3]);
        }
        int index = pixel[0];
        if (index * 3 >= parts.Colours.Length)
            throw new ImageException("the image is damaged: a colour is not in its palette");
        byte gray = GrayImage.Luminance(parts.Colours[index * 3], parts.Colours[index * 3 + 1], parts.Colours[index * 3 + 2]);
        return index < parts.Transparency.Length ? OnWhite(gray, parts.Transparency[index]) : gray;
    }

    // One colour, with two bytes for each sample.
    private static bool IsTransparent(ReadOnlySpan<byte> pixel, byte[] colour)
    {
        if (colour.Length != 2 * pixel.Length)
            return false;
        for (int i = 0; i < pixel.Length; i++)
        {
            if (colour[2 * i] != 0 || colour[2 * i + 1] != pixel[i])
                return false;
        }
        return true;
    }

    private static byte OnWhite(int value, int alpha) => (byte)((value * alpha + 255 * (255 - alpha)) / 255);

    private sealed class Parts(int width, int height, int colourType)
    {
        public int Width { get; } = width;

        public int Height { get; } = height;

        public int ColourType { get; } = colourType;

        public byte[] Colours { get; set; } = [];

        public byte[] Transparency { get; set; } = [];

        public MemoryStream Data { get; } = new();
    }
}
