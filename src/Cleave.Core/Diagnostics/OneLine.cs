using System.Globalization;
using System.Text;

namespace Cleave.Core.Diagnostics;

/// <summary>Text that a log shows as it is: names and messages from a model may be any text.</summary>
internal static class OneLine
{
    /// <summary>The text with control characters, line ends and marks that turn the direction of writing as escapes.</summary>
    public static string Of(string text)
    {
        StringBuilder line = new(text.Length);
        foreach (char c in text)
        {
            if (char.IsControl(c) || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069'))
                line.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
            else
                line.Append(c);
        }
        return line.ToString();
    }
}
