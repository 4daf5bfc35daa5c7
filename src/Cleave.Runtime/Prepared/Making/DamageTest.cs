using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared.Making;

/// <summary>
/// Says what the probe is worth: weights of a copy are damaged one after the other, and each time it is seen whether the probe gives something else.
/// </summary>
internal static class DamageTest
{
    /// <summary>So many tensors are damaged, spread over the file.</summary>
    public const int Tensors = 20;

    // In the middle of a tensor, where the digest of its edges does not look.
    private const int Bytes = 64;
    // Of a float's highest byte, a bit of its exponent.
    private const byte Flip = 0x40;

    /// <param name="copy">A copy of the weights, which may be changed.</param>
    /// <param name="regions">What lies in it.</param>
    /// <param name="expected">What the probe gives of undamaged weights.</param>
    /// <param name="run">Opens a session on the copy, and runs the probe.</param>
    /// <param name="at">Told after each.</param>
    /// <returns>How many tensors were damaged, and for how many of them the probe gave something else, or failed.</returns>
    public static (int Damaged, int Noticed) Run(string copy, IReadOnlyList<PreparedRegion> regions, string expected, Func<string> run, Action<string> at)
    {
        int count = Math.Min(Tensors, regions.Count), noticed = 0;
        for (int i = 0; i < count; i++)
        {
            PreparedRegion region = regions[(int)((long)i * regions.Count / count)];
            FlipBytes(copy, region);
            if (Gives(run) != expected)
                noticed++;
            FlipBytes(copy, region);
            at("one weight damaged");
        }
        return (count, noticed);
    }

    private static string? Gives(Func<string> run)
    {
        try
        {
            return run();
        }
        catch (Exception e) when (e is OnnxRuntimeException or CleaveException or TimeoutException)
        {
            // Refused is noticed, and so is what does not end.
            return null;
        }
    }

    private static void FlipBytes(string copy, PreparedRegion region)
    {
        using FileStream file = new(copy, FileMode.Open, FileAccess.ReadWrite);
        // Kernels that have a packed copy read that one only; what is much smaller is padding.
        foreach (ByteRange range in new[] { region.Tensor, region.Packed }.Where(r => r.Length > 0 && r.Length >= region.Tensor.Length / 2))
        {
            byte[] bytes = new byte[Math.Min(Bytes, range.Length)];
            long at = range.Offset + (range.Length - bytes.Length) / 2 / 8 * 8;
            file.Position = at;
            file.ReadExactly(bytes);
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] ^= Flip;
            file.Position = at;
            file.Write(bytes);
        }
    }
}
