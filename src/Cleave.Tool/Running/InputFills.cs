using System;
using System.Collections.Generic;
using System.Globalization;
using Cleave.Core.Graph;

namespace Cleave.Tool.Running;

/// <summary>Numbers for every element of an input, by name.</summary>
internal static class InputFills
{
    // Beyond it a double does not have all of them, and what is written would be rounded.
    private const double LargestWhole = 1L << 53;

    /// <summary><c>sr=16000</c>, several with commas; the name ends at the last equals sign, and may have commas itself.</summary>
    /// <exception cref="RefusedException">It is something else, or one is given twice.</exception>
    public static IReadOnlyDictionary<string, double> Parse(IEnumerable<string> texts)
    {
        Dictionary<string, double> fills = new(StringComparer.Ordinal);
        foreach (string text in texts)
        {
            string name = "";
            foreach (string part in text.Split(','))
            {
                name += part;
                int equals = name.LastIndexOf('=');
                if (equals < 0)
                {
                    name += ",";
                    continue;
                }
                if (equals == 0 || !double.TryParse(name.AsSpan(equals + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
                    throw Unreadable(text);
                if (!fills.TryAdd(name[..equals], number))
                    throw new RefusedException($"--input: '{name[..equals]}' is given twice.");
                name = "";
            }
            if (name.Length > 0)
                throw Unreadable(text);
        }
        return fills;
    }

    /// <summary>Refuses a number that elements of the input cannot be: another one would be taken for it.</summary>
    /// <exception cref="RefusedException">They cannot.</exception>
    public static void Check(string input, ElementType type, double number)
    {
        string? taken = type switch
        {
            ElementType.Float => float.IsFinite((float)number) || !double.IsFinite(number) ? null : Numbers(float.MaxValue),
            ElementType.Float16 => Half.IsFinite((Half)number) || !double.IsFinite(number) ? null : Numbers((double)Half.MaxValue),
            ElementType.Bool => number is 0 or 1 ? null : "0 or 1",
            ElementType.Int8 => Whole(sbyte.MinValue, sbyte.MaxValue),
            ElementType.UInt8 => Whole(byte.MinValue, byte.MaxValue),
            ElementType.Int16 => Whole(short.MinValue, short.MaxValue),
            ElementType.UInt16 => Whole(ushort.MinValue, ushort.MaxValue),
            ElementType.Int32 => Whole(int.MinValue, int.MaxValue),
            ElementType.UInt32 => Whole(uint.MinValue, uint.MaxValue),
            ElementType.Int64 => Whole(-LargestWhole, LargestWhole),
            ElementType.UInt64 => Whole(0, LargestWhole),
            ElementType.String => "no number: its elements are texts",
            _ => null,
        };
        if (taken is not null)
            throw new RefusedException(string.Create(CultureInfo.InvariantCulture, $"--input {input}={number}: the input is of {type.Word()} and takes {taken}."));

        static string Numbers(double most) => string.Create(CultureInfo.InvariantCulture, $"numbers from {-most} to {most}");

        string? Whole(double least, double most) => number >= least && number <= most && double.IsInteger(number)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"a whole number from {least:0} to {most:0}");
    }

    private static RefusedException Unreadable(string text) => new($"--input {text}: give a name and a number, as in --input sr=16000.");
}
