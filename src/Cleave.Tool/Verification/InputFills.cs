using System;
using System.Collections.Generic;
using System.Globalization;

namespace Cleave.Tool.Verification;

/// <summary>Numbers for every element of an input, by name.</summary>
internal static class InputFills
{
    /// <summary><c>sr=16000</c>, several with commas; the name ends at the last equals sign, and may have commas itself.</summary>
    /// <exception cref="VerifyException">It is something else, or one is given twice.</exception>
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
                    throw new VerifyException($"--input: '{name[..equals]}' is given twice.");
                name = "";
            }
            if (name.Length > 0)
                throw Unreadable(text);
        }
        return fills;
    }

    private static VerifyException Unreadable(string text) => new($"--input {text}: give a name and a number, as in --input sr=16000.");
}
