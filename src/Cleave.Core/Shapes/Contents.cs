using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>Elements of small tensors of known shape: finding, picking and computing them one by one.</summary>
internal static class Contents
{
    /// <summary>Elements of the largest tensor whose elements are followed.</summary>
    public const int Most = TensorInfo.MostKept;

    /// <summary>The shape in numbers; null where it is not known, or there are more elements than are followed.</summary>
    public static int[]? Small(Dim[]? shape)
    {
        if (shape is null)
            return null;
        int[] numbers = new int[shape.Length];
        long count = 1;
        for (int i = 0; i < numbers.Length; i++)
        {
            if (shape[i].Value is not (>= 0 and <= Most) || count * shape[i].Value > Most)
                return null;
            numbers[i] = (int)shape[i].Value!.Value;
            count *= numbers[i];
        }
        return numbers;
    }

    /// <summary>The elements of a tensor whose element at each place is that of another at the place <paramref name="source"/> gives.</summary>
    public static Dim[] Pick(int[] shape, Func<int[], Dim> source)
    {
        int count = 1;
        foreach (int dim in shape)
            count *= dim;
        Dim[] elements = new Dim[count];
        int[] at = new int[shape.Length];
        for (int i = 0; i < count; i++)
        {
            elements[i] = source(at);
            for (int axis = shape.Length - 1; axis >= 0 && ++at[axis] == shape[axis]; axis--)
                at[axis] = 0;
        }
        return elements;
    }

    /// <summary>Where an element stands in row-major order; places are broadcast where the tensor has one element along an axis, or lacks it.</summary>
    public static int At(int[] shape, int[] place)
    {
        int at = 0, lacking = place.Length - shape.Length;
        for (int i = 0; i < shape.Length; i++)
            at = (at * shape[i]) + (shape[i] == 1 ? 0 : place[lacking + i]);
        return at;
    }

    /// <summary>The elements as numbers; null where one is not known.</summary>
    public static long[]? Numbers(Dim[]? content)
    {
        if (content is null)
            return null;
        long[] numbers = new long[content.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (content[i].Value is not { } number)
                return null;
            numbers[i] = number;
        }
        return numbers;
    }

    /// <summary>The elements of a small tensor that holds whole numbers, whatever its element type; null where they are not known.</summary>
    public static Dim[]? Whole(ValueFacts facts)
    {
        if (facts.Content is { } content)
            return content;
        if (facts.Floats is not { } floats || !Array.TrueForAll(floats, IsWhole))
            return null;
        return Array.ConvertAll(floats, f => Dim.Of((long)f));
    }

    /// <summary>Whether a type holds a number; others are not followed.</summary>
    public static bool Fits(ElementType element, Dim number) => number.Value is not { } value || element switch
    {
        ElementType.Int64 => true,
        ElementType.Int32 => value is >= int.MinValue and <= int.MaxValue,
        ElementType.Bool => value is 0 or 1,
        ElementType.Float => value is >= -(1 << 24) and <= 1 << 24,
        ElementType.Double => value is >= -(1L << 53) and <= 1L << 53,
        _ => false,
    };

    private static bool IsWhole(float value) => Math.Abs(value) <= 1 << 24 && Math.Floor(value) == value;
}
