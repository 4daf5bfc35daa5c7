using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LabelGlyphsModel.Training;

/// <summary>Sums over rows of numbers, four at a time in an order that does not depend on the machine.</summary>
internal static class Lanes
{
    /// <summary>target += factor * source.</summary>
    public static void AddScaled(Span<float> target, ReadOnlySpan<float> source, float factor)
    {
        Span<Vector128<float>> to = MemoryMarshal.Cast<float, Vector128<float>>(target);
        ReadOnlySpan<Vector128<float>> from = MemoryMarshal.Cast<float, Vector128<float>>(source);
        Vector128<float> by = Vector128.Create(factor);
        for (int i = 0; i < to.Length; i++)
            to[i] += by * from[i];
        for (int i = to.Length * 4; i < target.Length; i++)
            target[i] += factor * source[i];
    }

    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        ReadOnlySpan<Vector128<float>> a = MemoryMarshal.Cast<float, Vector128<float>>(left);
        ReadOnlySpan<Vector128<float>> b = MemoryMarshal.Cast<float, Vector128<float>>(right);
        Vector128<float> sums = Vector128<float>.Zero;
        for (int i = 0; i < a.Length; i++)
            sums += a[i] * b[i];
        float sum = sums[0] + sums[1] + (sums[2] + sums[3]);
        for (int i = a.Length * 4; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
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
}
