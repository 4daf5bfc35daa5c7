using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace Cleave.Devices.Cuda;

/// <summary>The libraries that a library for Windows imports; not those that it loads only when they are called (delay-loaded).</summary>
internal static class PeLibraries
{
    // More than any library has: a damaged file is not read for ever.
    private const int MostLibraries = 4096;
    private const int LongestName = 256;
    private const int BytesBeforeName = 12;

    /// <summary>By their names, in the file's order; none where the file is no such library, or ends too early.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyList<string> Of(string path)
    {
        using FileStream file = File.OpenRead(path);
        try
        {
            using PEReader library = new(file);
            return Read(library);
        }
        catch (Exception e) when (e is BadImageFormatException or ArgumentException or OverflowException)
        {
            return [];
        }
    }

    private static List<string> Read(PEReader library)
    {
        List<string> names = [];
        if (library.PEHeaders.PEHeader?.ImportTableDirectory is not { RelativeVirtualAddress: > 0 } table)
            return names;
        BlobReader entries = library.GetSectionData(table.RelativeVirtualAddress).GetReader();
        while (names.Count < MostLibraries)
        {
            entries.Offset += BytesBeforeName;
            int name = entries.ReadInt32();
            if (name == 0)
                break;
            names.Add(Text(library.GetSectionData(name).GetReader()));
            entries.ReadInt32();
        }
        return names;
    }

    private static string Text(BlobReader from)
    {
        StringBuilder text = new();
        for (byte b = from.ReadByte(); b != 0 && text.Length < LongestName; b = from.ReadByte())
            text.Append((char)b);
        return text.ToString();
    }
}
