using System.Globalization;
using System.Text;

namespace Cleave.Core.Diagnostics;

/// <summary>Text that a log shows as it is: names and messages from a model may be any text.</summary>
internal static class OneLine
{
    /// <summary>Characters that cannot be seen or that change how others are shown. By fixed ranges: Unicode tables differ between frameworks.</summary>
    public static bool IsInvisible(char c) =>
        c is < ' ' or (>= '\x7f' and <= '\x9f') or '\xad' or '\u034F' or (>= '\u0600' and <= '\u0605') or '\u061C' or '\u06DD' or '\u070F'
            or '\u08E2' or '\u115F' or '\u1160' or (>= '\u17B4' and <= '\u17B5') or (>= '\u180B' and <= '\u180F')
            or (>= '\u200B' and <= '\u200F') or (>= '\u2028' and <= '\u202E') or (>= '\u2060' and <= '\u206F')
            or '\u3164' or (>= '\uFE00' and <= '\uFE0F') or '\uFEFF' or '\uFFA0' or (>= '\uFFF0' and <= '\uFFFB') or (>= '\uFFFE');

    /// <summary>The text with what cannot be seen, line ends among it, as escapes.</summary>
    public static string Of(string text)
    {
        StringBuilder line = new(text.Length);
        foreach (char c in text)
        {
            if (IsInvisible(c))
                line.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else
                line.Append(c);
        }
        return line.ToString();
    }
}
