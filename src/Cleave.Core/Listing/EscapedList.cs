using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Cleave.Core.Listing;

/// <summary>A list as item metadata writes it: cut at <c>;</c>, spaces around an entry and empty entries dropped, as MSBuild does with items.</summary>
internal static class EscapedList
{
    /// <summary>The entries; <c>%3B</c> and the other escapes of MSBuild stand for what they escape.</summary>
    public static IReadOnlyList<string> Read(string escaped)
    {
        List<string> entries = [];
        foreach (string part in escaped.Split(';'))
        {
            string entry = Unescape(part.Trim());
            if (entry.Length > 0)
                entries.Add(entry);
        }
        return entries;
    }

    // '%' and two hexadecimal digits; any other '%' is one, as for MSBuild.
    private static string Unescape(string text)
    {
        if (text.IndexOf('%') < 0)
            return text;
        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length
                && byte.TryParse(text.Substring(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte code))
            {
                plain.Append((char)code);
                i += 2;
            }
            else
            {
                plain.Append(text[i]);
            }
        }
        return plain.ToString();
    }
}
