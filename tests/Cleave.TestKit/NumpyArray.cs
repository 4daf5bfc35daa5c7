using System;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace Cleave.TestKit;

/// <summary>An array as NumPy writes it into a file (<c>.npy</c>).</summary>
public static class NumpyArray
{
    // What stands before the header, and its alignment.
    private const int Preamble = 10;
    private const int Alignment = 64;

    /// <param name="shape">Its shape.</param>
    /// <param name="values">Its elements in C order.</param>
    public static byte[] Of<T>(long[] shape, T[] values)
        where T : unmanaged
    {
        string type = typeof(T) == typeof(float) ? "<f4" : typeof(T) == typeof(double) ? "<f8" : throw new ArgumentException("no type of these tests: " + typeof(T), nameof(values));
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Concat(shape.Select(static d => d + ", "))}), }}";
        header = header.PadRight(((header.Length + Preamble + Alignment) / Alignment * Alignment) - Preamble - 1) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes(values.AsSpan())];
    }
}
