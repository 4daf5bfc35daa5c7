using System;
using Cleave.Elements;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tuning;

/// <summary>
/// Inputs where nobody gave any, the same each time: numbers from 0 to 1 where the model takes fractions, and ones where it takes whole numbers, which are
/// places in most tables and no mask that hides everything.
/// </summary>
internal static class MadeUpInputs
{
    public static void Fill(InputSlot input)
    {
        switch (input)
        {
            case InputSlot<float> floats:
                Fractions(floats.Span, static f => f);
                break;
            case InputSlot<double> doubles:
                Fractions(doubles.Span, static f => f);
                break;
            case InputSlot<Half> halves:
                Fractions(halves.Span, static f => (Half)f);
                break;
            case InputSlot<BFloat16> brain:
                Fractions(brain.Span, static f => (BFloat16)f);
                break;
            default:
                Ones(input);
                break;
        }
    }

    private static void Fractions<T>(Span<T> span, Func<float, T> of)
    {
        for (int i = 0; i < span.Length; i++)
            span[i] = of(unchecked((uint)i * 2654435761u) / (float)uint.MaxValue);
    }

    private static void Ones(InputSlot input)
    {
        switch (input)
        {
            case InputSlot<sbyte> numbers: numbers.Span.Fill(1); break;
            case InputSlot<byte> numbers: numbers.Span.Fill(1); break;
            case InputSlot<short> numbers: numbers.Span.Fill(1); break;
            case InputSlot<ushort> numbers: numbers.Span.Fill(1); break;
            case InputSlot<int> numbers: numbers.Span.Fill(1); break;
            case InputSlot<uint> numbers: numbers.Span.Fill(1); break;
            case InputSlot<long> numbers: numbers.Span.Fill(1); break;
            case InputSlot<ulong> numbers: numbers.Span.Fill(1); break;
            case InputSlot<bool> truths: truths.Span.Fill(true); break;
            case InputSlot<string> texts: texts.Span.Fill(""); break;
            default: throw new NotSupportedException("Inputs of " + input.GetType().Name + " cannot be made up.");
        }
    }
}
