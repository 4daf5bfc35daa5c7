using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Tool.Running;

/// <summary>How far two tensors are apart, at most.</summary>
/// <param name="Absolute">Largest difference of two elements; infinite where one is not a number and the other is.</param>
/// <param name="Relative">Largest difference, divided by the expected element.</param>
/// <param name="OfRange">Largest difference, divided by the range of the expected tensor.</param>
/// <param name="Ulps">Largest number of floating-point numbers between two elements; 0 for other types.</param>
/// <param name="SameBits">Whether nothing at all differs.</param>
/// <param name="Other">What else differs: type, shape, texts; null where nothing does.</param>
internal sealed record OutputDifference(double Absolute, double Relative, double OfRange, double Ulps, bool SameBits, string? Other = null)
{
    public static readonly OutputDifference None = new(0, 0, 0, 0, true);

    public static readonly OutputDifference Missing = Unlike("it is missing");

    /// <param name="expected">What should be.</param>
    /// <param name="actual">What is.</param>
    /// <param name="range">What <see cref="OfRange"/> is a part of; null is the range of <paramref name="expected"/>.</param>
    /// <param name="except">Places of elements that do not count.</param>
    public static OutputDifference Between(TensorCopy expected, TensorCopy actual, double? range = null, IReadOnlySet<int>? except = null)
    {
        if (expected.SameBits(actual))
            return None;
        if (expected.Type != actual.Type)
            return Unlike($"the type is {actual.Type.Word()} instead of {expected.Type.Word()}");
        if (!expected.Shape.SequenceEqual(actual.Shape))
            return Unlike($"the shape is [{string.Join(",", actual.Shape)}] instead of [{string.Join(",", expected.Shape)}]");
        if (Numbers(expected) is not { } one || Numbers(actual) is not { } other)
            return Unlike(expected.Type == ElementType.String ? "texts differ" : "elements differ");
        foreach (int place in except?.Where(p => p < one.Length) ?? [])
            one[place] = other[place] = double.NaN;
        return Largest(one, other, expected.Type, range ?? RangeOf(one));
    }

    /// <summary>Of several comparisons the largest each.</summary>
    public OutputDifference Or(OutputDifference other) => new(
        Math.Max(Absolute, other.Absolute), Math.Max(Relative, other.Relative), Math.Max(OfRange, other.OfRange), Math.Max(Ulps, other.Ulps),
        SameBits && other.SameBits, Other ?? other.Other);

    /// <summary>Whether a tensor has elements that are not finite, which hide differences.</summary>
    public static bool HasNonFinite(TensorCopy tensor) => Numbers(tensor) is { } numbers && numbers.Any(n => !double.IsFinite(n));

    /// <summary>From the smallest to the largest finite element, or the largest absolute one if that is more.</summary>
    public static double RangeOf(TensorCopy tensor) => Numbers(tensor) is { } numbers ? RangeOf(numbers) : 0;

    private static double RangeOf(double[] numbers)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (double number in numbers)
        {
            if (double.IsFinite(number))
            {
                low = Math.Min(low, number);
                high = Math.Max(high, number);
            }
        }
        return low > high ? 0 : Math.Max(high - low, Math.Max(Math.Abs(high), Math.Abs(low)));
    }

    /// <summary>How far apart, for people: by the output's range, where it has one.</summary>
    public string Apart() => double.IsFinite(OfRange) ? string.Create(CultureInfo.InvariantCulture, $"{OfRange:g3} of its range")
        : double.IsFinite(Absolute) ? string.Create(CultureInfo.InvariantCulture, $"{Absolute:g3}, where all of it is 0")
        : Other ?? "a number on one side, none on the other";

    private static OutputDifference Unlike(string what) =>
        new(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, false, what);

    private static OutputDifference Largest(double[] one, double[] other, ElementType type, double range)
    {
        double absolute = 0, relative = 0, ulps = 0;
        for (int i = 0; i < one.Length; i++)
        {
            if (one[i].Equals(other[i]) || one[i] == other[i])
                continue;
            double difference = Math.Abs(one[i] - other[i]);
            if (double.IsNaN(difference))
                difference = double.PositiveInfinity;
            absolute = Math.Max(absolute, difference);
            relative = Math.Max(relative, one[i] == 0 ? double.PositiveInfinity : difference / Math.Abs(one[i]));
            ulps = Math.Max(ulps, Steps(one[i], other[i], type));
        }
        // Numbers too large for a double to tell them apart.
        if (absolute == 0 && (type is ElementType.Int64 or ElementType.UInt64))
            absolute = 1;
        return new OutputDifference(absolute, relative, absolute == 0 ? 0 : range > 0 ? absolute / range : double.PositiveInfinity, ulps, false);
    }

    private static double Steps(double one, double other, ElementType type)
    {
        if (!double.IsFinite(one) || !double.IsFinite(other))
            return double.PositiveInfinity;
        return type switch
        {
            ElementType.Float => Math.Abs((double)Ordered(BitConverter.SingleToInt32Bits((float)one), int.MinValue) - Ordered(BitConverter.SingleToInt32Bits((float)other), int.MinValue)),
            ElementType.Float16 => Math.Abs((double)Ordered(BitConverter.HalfToInt16Bits((Half)one), short.MinValue) - Ordered(BitConverter.HalfToInt16Bits((Half)other), short.MinValue)),
            ElementType.BFloat16 => Math.Abs((double)Ordered(BitConverter.SingleToInt32Bits((float)one) >> 16, short.MinValue) - Ordered(BitConverter.SingleToInt32Bits((float)other) >> 16, short.MinValue)),
            ElementType.Double => Math.Abs((double)((Int128)Ordered(BitConverter.DoubleToInt64Bits(one), long.MinValue) - Ordered(BitConverter.DoubleToInt64Bits(other), long.MinValue))),
            _ => 0,
        };
    }

    // Neighbouring floats are neighbouring numbers: negative ones count down from zero.
    private static long Ordered(long bits, long sign) => bits < 0 ? unchecked(sign - bits) : bits;

    /// <summary>The elements as numbers; null where they are none.</summary>
    public static double[]? Numbers(TensorCopy tensor)
    {
        ReadOnlySpan<byte> bytes = tensor.Bytes;
        int size = tensor.Type switch
        {
            ElementType.Float or ElementType.Int32 or ElementType.UInt32 => 4,
            ElementType.Double or ElementType.Int64 or ElementType.UInt64 => 8,
            ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
            ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => 1,
            _ => 0,
        };
        if (size == 0)
            return null;
        double[] numbers = new double[bytes.Length / size];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = Number(bytes.Slice(i * size, size), tensor.Type);
        return numbers;
    }

    private static double Number(ReadOnlySpan<byte> bytes, ElementType type) => type switch
    {
        ElementType.Float => BinaryPrimitives.ReadSingleLittleEndian(bytes),
        ElementType.Double => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        ElementType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        ElementType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16),
        ElementType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        ElementType.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        ElementType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        ElementType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        ElementType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
        ElementType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        ElementType.Int8 => (sbyte)bytes[0],
        _ => bytes[0],
    };
}
