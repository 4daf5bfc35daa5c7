using System.Buffers.Binary;
using System.IO.Compression;

namespace PageReader.Imaging;

/// <summary>Writes PNG files of 8 bits a sample.</summary>
public static class PngWriter
{
    private const byte GrayType = 0;
    private const byte RgbType = 2;

    /// <summary>The file of a gray image.</summary>
    public static byte[] Gray(GrayImage image) => Write(image.Width, image.Height, GrayType, 1, image.Pixels);

    /// <summary>The file of a colour image.</summary>
    /// <param name="width">Its width.</param>
    /// <param name="height">Its height.</param>
    /// <param name="pixels">Red, green and blue of each pixel, row by row.</param>
    public static byte[] Rgb(int width, int height, byte[] pixels) => Write(width, height, RgbType, 3, pixels);

    private static byte[] Write(int width, int height, byte colourType, int samples, byte[] pixels)
    {
        MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, colourType); // the rest is zero: not interlaced
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Pack(width * samples, samples, height, pixels));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    // Each pixel as its difference from the one at the left: flat paper packs well so.
    private static byte[] Pack(int length, int samples, int height, byte[] pixels)
    {
        MemoryStream packed = new();
        using (ZLibStream packer = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] row = new byte[length + 1];
            row[0] = 1;
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < length; x++)
                    row[x + 1] = (byte)(pixels[y * length + x] - (x < samples ? 0 : pixels[y * length + x - samples]));
                packer.Write(row);
            }
        }
        return packed.ToArray();
    }

    private static void Chunk(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        byte[] number = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        file.Write(number);
        byte[] typed = [.. type, .. body];
        file.Write(typed);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Of(typed));
        file.Write(number);
    }
}
