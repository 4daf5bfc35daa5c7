using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using LabelReader.Imaging;

namespace LabelGlyphsModel;

/// <summary>Writes image files.</summary>
internal static class ImageWriter
{
    public static byte[] Png(GrayImage image)
    {
        MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), image.Height);
        header[8] = 8; // bits; the rest is zero: gray, not interlaced
        Chunk(file, "IHDR"u8, header);
        Chunk(file, "IDAT"u8, Pack(image));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    public static byte[] Ppm(GrayImage image, float red, float green, float blue)
    {
        MemoryStream file = new();
        file.Write(Encoding.ASCII.GetBytes($"P6\n{image.Width} {image.Height}\n255\n"));
        foreach (byte pixel in image.Pixels)
            file.Write([Tinted(pixel, red), Tinted(pixel, green), Tinted(pixel, blue)]);
        return file.ToArray();
    }

    private static byte Tinted(byte pixel, float tint) => (byte)Math.Min(255, pixel * tint + 0.5f);

    // Each row as its difference from the one above: photographs pack better so.
    private static byte[] Pack(GrayImage image)
    {
        MemoryStream packed = new();
        using (ZLibStream packer = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] row = new byte[image.Width + 1];
            row[0] = 2;
            for (int y = 0; y < image.Height; y++)
            {
                for (int x = 0; x < image.Width; x++)
                    row[x + 1] = (byte)(image[x, y] - (y == 0 ? 0 : image[x, y - 1]));
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
