using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using PageReader.Imaging;

namespace Cleave.Sample.Tests;

/// <summary>A PNG file in the making; every part of it can be made wrong.</summary>
internal sealed class PngFile(uint width, uint height, byte colourType)
{
    public byte Bits { get; init; } = 8;

    public byte Packing { get; init; }

    public byte Interlaced { get; init; }

    public byte[]? Palette { get; init; }

    public byte[]? Transparency { get; init; }

    /// <summary>Rows, each with its filter's number in front, before packing.</summary>
    public byte[] Rows { get; init; } = [];

    /// <summary>Instead of the packed rows.</summary>
    public byte[]? Packed { get; init; }

    /// <summary>The packed rows are spread over parts of at most this size.</summary>
    public int MostInPart { get; init; } = int.MaxValue;

    /// <summary>Written between header and pixels.</summary>
    public byte[] Extra { get; init; } = [];

    /// <summary>Samples to rows: row y gets the filter <c>filters[y % filters.Length]</c>.</summary>
    public static byte[] Filter(byte[] samples, int rowLength, int pixelLength, params byte[] filters)
    {
        MemoryStream rows = new();
        for (int y = 0; y < samples.Length / rowLength; y++)
        {
            byte filter = filters[y % filters.Length];
            rows.WriteByte(filter);
            for (int i = 0; i < rowLength; i++)
            {
                int at = y * rowLength + i;
                int left = i < pixelLength ? 0 : samples[at - pixelLength];
                int up = y == 0 ? 0 : samples[at - rowLength];
                int corner = i < pixelLength || y == 0 ? 0 : samples[at - rowLength - pixelLength];
                int[] guesses = [0, left, up, (left + up) / 2, Paeth(left, up, corner)];
                rows.WriteByte((byte)(samples[at] - guesses[filter]));
            }
        }
        return rows.ToArray();
    }

    // As the PNG specification words it.
    private static int Paeth(int a, int b, int c)
    {
        int p = a + b - c;
        return new[] { a, b, c }.MinBy(candidate => Math.Abs(p - candidate));
    }

    public byte[] ToBytes()
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[10], header[12]) = (Bits, colourType, Packing, Interlaced);

        List<byte> file = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. Part("IHDR", header), .. Extra];
        if (Palette != null)
            file.AddRange(Part("PLTE", Palette));
        if (Transparency != null)
            file.AddRange(Part("tRNS", Transparency));
        foreach (byte[] part in (Packed ?? Pack(Rows)).Chunk(MostInPart))
            file.AddRange(Part("IDAT", part));
        file.AddRange(Part("IEND", []));
        return [.. file];
    }

    public static byte[] Part(string type, byte[] body)
    {
        byte[] part = new byte[body.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(part, body.Length);
        Encoding.ASCII.GetBytes(type, part.AsSpan(4));
        body.CopyTo(part, 8);
        BinaryPrimitives.WriteUInt32BigEndian(part.AsSpan(part.Length - 4), Crc32.Of(part.AsSpan(4, body.Length + 4)));
        return part;
    }

    public static byte[] Pack(byte[] rows)
    {
        MemoryStream packed = new();
        using (ZLibStream packer = new(packed, CompressionLevel.Optimal, leaveOpen: true))
            packer.Write(rows);
        return packed.ToArray();
    }
}
