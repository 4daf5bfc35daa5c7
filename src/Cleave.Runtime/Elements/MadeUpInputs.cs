using System;
using System.Numerics;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Elements;

/// <summary>
/// Inputs where nobody gave any, the same each time for the same number: fractions from 0 to 1, and where the model takes whole numbers ones, which are
/// places in most tables and no mask that hides everything; with another number than 0 zeros among them.
/// </summary>
internal static class MadeUpInputs
{
    public static void Fill(InputSlot input) => Fill(input, 0);

    /// <param name="input">The input.</param>
    /// <param name="seed">The number of the sample.</param>
    public static void Fill(InputSlot input, int seed)
    {
        switch (input)
        {
            case InputSlot<float> floats:
                Fractions(floats.Span, seed, static f => f);
                break;
            case InputSlot<double> doubles:
                Fractions(doubles.Span, seed, static f => f);
                break;
            case InputSlot<Half> halves:
                Fractions(halves.Span, seed, static f => (Half)f);
                break;
            case InputSlot<BFloat16> brain:
                Fractions(brain.Span, seed, static f => (BFloat16)f);
                break;
            default:
                Ones(input, seed);
                break;
        }
    }

    private static void Fractions<T>(Span<T> span, int seed, Func<float, T> of)
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = of(Hash(i, seed) / (float)uint.MaxValue);
    }

    private static void Ones(InputSlot input, int seed)
    {
        switch (input)
        {
            case InputSlot<sbyte> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<byte> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<short> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<ushort> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<int> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<uint> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<long> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<ulong> numbers: Whole(numbers.Span, seed); break;
            case InputSlot<bool> truths: Truths(truths.Span, seed); break;
            case InputSlot<string> texts: texts.Span.Fill(""); break;
            default: throw new NotSupportedException("Inputs of " + input.GetType().Name + " cannot be made up.");
        }
    }

    private static void Whole<T>(Span<T> span, int seed)
        where T : INumberBase<T>
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = IsOne(i, seed) ? T.One : T.Zero;
    }

    private static void Truths(Span<bool> span, int seed)
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = IsOne(i, seed);
    }

    private static bool IsOne(int i, int seed) => seed == 0 || Hash(i, seed) % 4 != 0;

    private static uint Hash(int i, int seed) => unchecked(((uint)i + (uint)seed * 40503u) * 2654435761u);
}
