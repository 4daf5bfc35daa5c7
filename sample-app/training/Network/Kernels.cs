using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PageReader.Training.Network;

/// <summary>
/// The sums of convolutions, eight columns at a time. Products are added by fused operations, which IEEE 754 defines to
/// the last bit, in an order that depends on nothing: every machine gets the same weights.
/// </summary>
internal static class Kernels
{
    /// <summary>Columns that are computed together: widths are multiples of it.</summary>
    public const int Columns = 16;

    private const int Group = 4;

    /// <summary>
    /// target[o, y, x] = bias[o] + Σ weights[o, k] · source[y, x + offsets[k]], each offset counted from the source's first
    /// channel at the same row and column.
    /// </summary>
    public static void Correlate(Planes source, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int[] offsets, Planes target, bool clip)
    {
        ref float input = ref MemoryMarshal.GetArrayDataReference(source.Data);
        ref float w = ref MemoryMarshal.GetReference(weights);
        int taps = offsets.Length;
        for (int first = 0; first < target.Channels; first += Group)
        {
            // A group that is not full computes its last channel again.
            int o0 = first, o1 = Math.Min(first + 1, target.Channels - 1), o2 = Math.Min(first + 2, target.Channels - 1), o3 = Math.Min(first + 3, target.Channels - 1);
            for (int y = 0; y < target.Height; y++)
            {
                for (int x = 0; x < target.Width; x += Columns)
                {
                    Vector256<float> a0 = Start(bias, o0), a1 = Start(bias, o1), a2 = Start(bias, o2), a3 = Start(bias, o3);
                    Vector256<float> b0 = a0, b1 = a1, b2 = a2, b3 = a3;
                    int at = source.At(0, y) + x;
                    for (int k = 0; k < offsets.Length; k++)
                    {
                        Vector256<float> left = Vector256.LoadUnsafe(ref input, (nuint)(at + offsets[k]));
                        Vector256<float> right = Vector256.LoadUnsafe(ref input, (nuint)(at + offsets[k] + 8));
                        Vector256<float> w0 = Vector256.Create(At(ref w, o0 * taps + k));
                        Vector256<float> w1 = Vector256.Create(At(ref w, o1 * taps + k));
                        Vector256<float> w2 = Vector256.Create(At(ref w, o2 * taps + k));
                        Vector256<float> w3 = Vector256.Create(At(ref w, o3 * taps + k));
                        a0 = Vector256.FusedMultiplyAdd(w0, left, a0);
                        b0 = Vector256.FusedMultiplyAdd(w0, right, b0);
                        a1 = Vector256.FusedMultiplyAdd(w1, left, a1);
                        b1 = Vector256.FusedMultiplyAdd(w1, right, b1);
                        a2 = Vector256.FusedMultiplyAdd(w2, left, a2);
                        b2 = Vector256.FusedMultiplyAdd(w2, right, b2);
                        a3 = Vector256.FusedMultiplyAdd(w3, left, a3);
                        b3 = Vector256.FusedMultiplyAdd(w3, right, b3);
                    }
                    Store(target, o0, y, x, a0, b0, clip);
                    Store(target, o1, y, x, a1, b1, clip);
                    Store(target, o2, y, x, a2, b2, clip);
                    Store(target, o3, y, x, a3, b3, clip);
                }
            }
        }
    }

    /// <summary>gradient[o, k] += Σ error[o, y, x] · source[y, x + offsets[k]].</summary>
    public static void Accumulate(Planes source, Planes error, int[] offsets, Span<float> gradient)
    {
        ref float input = ref MemoryMarshal.GetArrayDataReference(source.Data);
        ref float e = ref MemoryMarshal.GetArrayDataReference(error.Data);
        int taps = offsets.Length;
        for (int o = 0; o < error.Channels; o += 2)
        {
            int next = Math.Min(o + 1, error.Channels - 1);
            for (int k = 0; k < taps; k += Group)
            {
                int k1 = Math.Min(k + 1, taps - 1), k2 = Math.Min(k + 2, taps - 1), k3 = Math.Min(k + 3, taps - 1);
                Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
                for (int y = 0; y < error.Height; y++)
                {
                    int at = source.At(0, y);
                    int upper = error.At(o, y);
                    int lower = error.At(next, y);
                    for (int x = 0; x < error.Width; x += 8)
                    {
                        Vector256<float> ea = Vector256.LoadUnsafe(ref e, (nuint)(upper + x));
                        Vector256<float> eb = Vector256.LoadUnsafe(ref e, (nuint)(lower + x));
                        Vector256<float> s0 = Vector256.LoadUnsafe(ref input, (nuint)(at + offsets[k] + x));
                        Vector256<float> s1 = Vector256.LoadUnsafe(ref input, (nuint)(at + offsets[k1] + x));
                        Vector256<float> s2 = Vector256.LoadUnsafe(ref input, (nuint)(at + offsets[k2] + x));
                        Vector256<float> s3 = Vector256.LoadUnsafe(ref input, (nuint)(at + offsets[k3] + x));
                        a0 = Vector256.FusedMultiplyAdd(ea, s0, a0);
                        a1 = Vector256.FusedMultiplyAdd(ea, s1, a1);
                        a2 = Vector256.FusedMultiplyAdd(ea, s2, a2);
                        a3 = Vector256.FusedMultiplyAdd(ea, s3, a3);
                        b0 = Vector256.FusedMultiplyAdd(eb, s0, b0);
                        b1 = Vector256.FusedMultiplyAdd(eb, s1, b1);
                        b2 = Vector256.FusedMultiplyAdd(eb, s2, b2);
                        b3 = Vector256.FusedMultiplyAdd(eb, s3, b3);
                    }
                }
                Add(gradient, o * taps + k, Math.Min(Group, taps - k), a0, a1, a2, a3);
                if (next != o)
                    Add(gradient, next * taps + k, Math.Min(Group, taps - k), b0, b1, b2, b3);
            }
        }
    }

    /// <summary>e to the x, from additions and multiplications only.</summary>
    public static float Exp(float x)
    {
        if (x < -80)
            return 0;
        int power = (int)MathF.Floor(x * 1.44269504f + 0.5f);
        float r = x - power * 0.693145752f - power * 1.42860677e-6f;
        float e = 1 + r * (1 + r * (1 / 2f + r * (1 / 6f + r * (1 / 24f + r * (1 / 120f + r * (1 / 720f))))));
        return e * BitConverter.Int32BitsToSingle((power + 127) << 23);
    }

    private static Vector256<float> Start(ReadOnlySpan<float> bias, int channel) =>
        bias.IsEmpty ? Vector256<float>.Zero : Vector256.Create(bias[channel]);

    private static ref float At(ref float start, int index) => ref Unsafe.Add(ref start, index);

    private static void Store(Planes target, int channel, int y, int x, Vector256<float> left, Vector256<float> right, bool clip)
    {
        if (clip)
            (left, right) = (Vector256.Max(left, Vector256<float>.Zero), Vector256.Max(right, Vector256<float>.Zero));
        ref float data = ref MemoryMarshal.GetArrayDataReference(target.Data);
        left.StoreUnsafe(ref data, (nuint)(target.At(channel, y) + x));
        right.StoreUnsafe(ref data, (nuint)(target.At(channel, y) + x + 8));
    }

    private static void Add(Span<float> gradient, int at, int count, params ReadOnlySpan<Vector256<float>> sums)
    {
        for (int i = 0; i < count; i++)
            gradient[at + i] += Sum(sums[i]);
    }

    private static float Sum(Vector256<float> v) => (v[0] + v[4] + (v[1] + v[5])) + (v[2] + v[6] + (v[3] + v[7]));
}
