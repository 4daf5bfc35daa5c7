using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Cleave.Core.Graph;

namespace Cleave.Tool.Running;

/// <summary>Reads an array that NumPy wrote (<c>.npy</c>, versions 1 to 3; plain numbers, little-endian, in C order).</summary>
internal static partial class NumpyFile
{
    private const int LongestHeader = 1 << 16;

    private static readonly Dictionary<string, ElementType> Types = new(StringComparer.Ordinal)
    {
        ["<f4"] = ElementType.Float,
        ["<f8"] = ElementType.Double,
        ["<f2"] = ElementType.Float16,
        ["<i8"] = ElementType.Int64,
        ["<i4"] = ElementType.Int32,
        ["<i2"] = ElementType.Int16,
        ["|i1"] = ElementType.Int8,
        ["<u8"] = ElementType.UInt64,
        ["<u4"] = ElementType.UInt32,
        ["<u2"] = ElementType.UInt16,
        ["|u1"] = ElementType.UInt8,
        ["|b1"] = ElementType.Bool,
    };

    /// <exception cref="RefusedException">It is no such array.</exception>
    public static TensorCopy Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file.Length < 12 || file[0] != 0x93 || !file.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
            throw Wrong(path, "it does not begin as one");
        int start = file[6] == 1 ? 10 : 12, length = file[6] == 1 ? BitConverter.ToUInt16(file, 8) : BitConverter.ToInt32(file, 8);
        if (length is < 0 or > LongestHeader || start + length > file.Length)
            throw Wrong(path, "its header is cut off");
        string header = Encoding.UTF8.GetString(file, start, length);
        if (Description().Match(header) is not { Success: true } type || !Types.TryGetValue(type.Groups[1].Value, out ElementType element))
            throw Wrong(path, "its elements are no little-endian numbers");
        if (!header.Contains("'fortran_order': False", StringComparison.Ordinal))
            throw Wrong(path, "its order is not that of C: save numpy.ascontiguousarray of it");
        if (Shape().Match(header) is not { Success: true } shape)
            throw Wrong(path, "it has no shape");
        string[] sizes = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        long[] dims = new long[sizes.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            if (!long.TryParse(sizes[i], NumberStyles.None, CultureInfo.InvariantCulture, out dims[i]))
                throw Wrong(path, "its shape has a size that is no number, or too large");
        }
        // Without those of 0, which hide how large the others are.
        if (dims.Where(static d => d > 0).Aggregate(1.0, static (a, b) => a * b) >= long.MaxValue)
            throw Wrong(path, "the sizes of its shape are too large");
        byte[] values = file[(start + length)..];
        // As a double, which no sizes overflow; those of a file that there is are exact.
        return dims.Aggregate(1.0, static (a, b) => a * b) * element.Bits() / 8 == values.Length
            ? new TensorCopy(element, dims, values)
            : throw Wrong(path, "its length does not fit its shape");
    }

    private static RefusedException Wrong(string path, string why) => new($"{path} is no array of NumPy that can be read: {why}.");

    [GeneratedRegex(@"'descr':\s*'([^']+)'")]
    private static partial Regex Description();

    [GeneratedRegex(@"'shape':\s*\(([\d,\s]*)\)")]
    private static partial Regex Shape();
}
