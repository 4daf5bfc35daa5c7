using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace Cleave.Devices.Cuda;

/// <summary>The libraries that a library names as needed (DT_NEEDED of 64-bit little-endian ELF files).</summary>
internal static class ElfLibraries
{
    // More than any library has: a damaged file is not read for ever.
    private const int MostEntries = 4096;
    private const int LongestName = 256;
    private const int LoadSegment = 1;
    private const int DynamicSegment = 2;
    private const long Needed = 1;
    private const long StringTable = 5;

    /// <summary>By their names, in the file's order; none where the file is no such library, or ends too early.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyList<string> Of(string path)
    {
        using FileStream file = File.OpenRead(path);
        try
        {
            return Read(file);
        }
        catch (EndOfStreamException)
        {
            return [];
        }
    }

    private static IReadOnlyList<string> Read(FileStream file)
    {
        byte[] header = At(file, 0, 64);
        // 64 bits, little-endian.
        if (!header.AsSpan(0, 4).SequenceEqual("\u007fELF"u8) || header[4] != 2 || header[5] != 1)
            return [];
        long programs = Long(header, 32);
        int size = Short(header, 54), count = Math.Min((int)Short(header, 56), MostEntries);
        List<(long Offset, long Address, long Size)> loads = [];
        (long Offset, long Size) dynamic = default;
        for (int i = 0; i < count; i++)
        {
            byte[] program = At(file, programs + (long)i * size, 56);
            if (Int(program, 0) == LoadSegment)
                loads.Add((Long(program, 8), Long(program, 16), Long(program, 32)));
            else if (Int(program, 0) == DynamicSegment)
                dynamic = (Long(program, 8), Long(program, 32));
        }
        return Names(file, loads, dynamic.Offset, Math.Min(dynamic.Size / 16, MostEntries));
    }

    private static List<string> Names(FileStream file, List<(long Offset, long Address, long Size)> loads, long offset, long entries)
    {
        List<long> needed = [];
        long table = 0;
        for (long i = 0; i < entries; i++)
        {
            byte[] entry = At(file, offset + i * 16, 16);
            if (Long(entry, 0) == Needed)
                needed.Add(Long(entry, 8));
            else if (Long(entry, 0) == StringTable)
                table = Long(entry, 8);
        }
        (long Offset, long Address, long Size) home = loads.Find(l => table >= l.Address && table - l.Address < l.Size);
        return needed.ConvertAll(n => Text(file, home.Offset + table - home.Address + n));
    }

    private static string Text(FileStream file, long offset)
    {
        Seek(file, offset);
        StringBuilder text = new();
        for (int b = file.ReadByte(); b > 0 && text.Length < LongestName; b = file.ReadByte())
            text.Append((char)b);
        return text.ToString();
    }

    private static byte[] At(FileStream file, long offset, int length)
    {
        Seek(file, offset);
        byte[] bytes = new byte[length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void Seek(FileStream file, long offset)
    {
        if (offset < 0 || offset > file.Length)
            throw new EndOfStreamException();
        file.Position = offset;
    }

    private static ushort Short(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static int Int(byte[] bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));

    private static long Long(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
}
