using System;
using System.Globalization;
using System.Text;

namespace Cleave.Generator.Emit;

/// <summary>Makes text from a model fit for source code and messages. Nothing in a model is trusted.</summary>
internal static class SafeText
{
    private const char Replacement = '\uFFFD';

    /// <summary>A C# string literal that holds exactly <paramref name="text"/>, in printable ASCII.</summary>
    public static string Literal(string text)
    {
        StringBuilder builder = new(text.Length + 2);
        builder.Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\')
                builder.Append('\\').Append(c);
            else if (c is >= ' ' and < '\x7f')
                builder.Append(c);
            else
                builder.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture));
        }
        return builder.Append('"').ToString();
    }

    /// <summary>For messages and line comments: one line, nothing invisible, at most <paramref name="longest"/> characters.</summary>
    public static string OneLine(string text, int longest) => Clean(text, longest, lineBreak: ' ');

    /// <summary>For the content of an XML doc comment on one line.</summary>
    public static string Xml(string text, int longest) => Escape(OneLine(text, longest));

    /// <summary>For the content of an XML doc comment; lines are kept, separated by <c>\n</c>.</summary>
    public static string XmlLines(string text, int longest) => Escape(Clean(text, longest, lineBreak: '\n').Trim('\n', ' '));

    private static string Clean(string text, int longest, char lineBreak)
    {
        StringBuilder builder = new(Math.Min(text.Length, longest));
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (builder.Length + (pair ? 2 : 1) > longest)
                return builder.Append('…').ToString();
            if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                continue;
            if (c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029')
                builder.Append(lineBreak);
            else if (c == '\t')
                builder.Append(' ');
            else if (pair)
                AppendPair(builder, c, text[++i]);
            else
                builder.Append(Core.Diagnostics.OneLine.IsInvisible(c) || char.IsSurrogate(c) ? Replacement : c);
        }
        return builder.ToString();
    }

    private static void AppendPair(StringBuilder builder, char high, char low)
    {
        int point = char.ConvertToUtf32(high, low);
        // Musical and shorthand format characters, tags, private use; the last two of each plane are no characters.
        bool invisible = point >= 0xE0000 || point is (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or 0x110BD or 0x110CD
            || (point & 0xFFFE) == 0xFFFE;
        if (invisible)
            builder.Append(Replacement);
        else
            builder.Append(high).Append(low);
    }

    private static string Escape(string text)
    {
        StringBuilder builder = new(text.Length);
        foreach (char c in text)
        {
            switch (c)
            {
                case '<':
                    builder.Append("&lt;");
                    break;
                case '>':
                    builder.Append("&gt;");
                    break;
                case '&':
                    builder.Append("&amp;");
                    break;
                default:
                    builder.Append(c);
                    break;
            }
        }
        return builder.ToString();
    }
}
