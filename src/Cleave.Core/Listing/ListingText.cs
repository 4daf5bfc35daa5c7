using System;
using System.Globalization;
using System.IO;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Cleave.Core.Listing;

/// <summary>
/// Writes the lines of a listing as UTF-8 into a stream through one small buffer, hashing a part of them on the way.
/// Nothing is kept: a listing of any size costs the same memory.
/// </summary>
internal sealed class ListingText(Stream target) : IDisposable
{
    private readonly byte[] _buffer = new byte[8192];
    private int _used;
    private int _indent;
    private bool _lineOpen;
    private IncrementalHash? _hash;

    public void Indent() => _indent++;

    public void Unindent() => _indent--;

    /// <summary>Starts a line with its keyword.</summary>
    public ListingText Line(string keyword)
    {
        for (int i = 0; i < _indent; i++)
            Raw("  ");
        _lineOpen = true;
        return Raw(keyword);
    }

    public ListingText End()
    {
        _lineOpen = false;
        Byte((byte)'\n');
        return this;
    }

    /// <summary>A field without quotes.</summary>
    public ListingText Word(string word)
    {
        Byte((byte)' ');
        return Raw(word);
    }

    public ListingText Number(long value)
    {
        Byte((byte)' ');
        return RawNumber(value);
    }

    /// <summary>A quoted field.</summary>
    public ListingText Text(string text)
    {
        Byte((byte)' ');
        return RawText(text);
    }

    public ListingText Texts(string[] texts)
    {
        Raw(" [");
        for (int i = 0; i < texts.Length; i++)
        {
            if (i > 0)
                Byte((byte)',');
            RawText(texts[i]);
        }
        return Raw("]");
    }

    public ListingText Numbers(long[] values)
    {
        Raw(" [");
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0)
                Byte((byte)',');
            RawNumber(values[i]);
        }
        return Raw("]");
    }

    public ListingText List<T>(T[] items, Action<ListingText, T> write)
    {
        Raw(" [");
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
                Byte((byte)',');
            write(this, items[i]);
        }
        return Raw("]");
    }

    public ListingText Raw(string ascii)
    {
        for (int i = Plain(ascii); i < ascii.Length; i++)
            Byte((byte)ascii[i]);
        return this;
    }

    public ListingText RawNumber(long value)
    {
        // Digits by hand: ToString would make a string for each of thousands of numbers.
        if (value < 0)
        {
            Byte((byte)'-');
            if (value == long.MinValue)
                return Raw("9223372036854775808");
            value = -value;
        }
        long power = 1;
        while (value / power >= 10)
            power *= 10;
        for (; power > 0; power /= 10)
            Byte((byte)('0' + value / power % 10));
        return this;
    }

    public ListingText RawFloat(float value) => Raw(FormatFloat(value));

    public ListingText RawText(string text)
    {
        Byte((byte)'"');
        for (int i = Plain(text); i < text.Length; i++)
        {
            char c = text[i];
            if (c is >= ' ' and < '\x7f')
            {
                if (c is '"' or '\\')
                    Byte((byte)'\\');
                Byte((byte)c);
            }
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                SurrogatePair(c, text[++i]);
            }
            else
            {
                Character(c);
            }
        }
        Byte((byte)'"');
        return this;
    }

    /// <summary>From here on, what is written is hashed.</summary>
    public void StartHash()
    {
        if (_lineOpen)
            throw new InvalidOperationException("A hash starts at the start of a line.");
        Flush();
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    }

    /// <summary>Ends the hashed part; its SHA-256 in lower-case hex.</summary>
    public string EndHash()
    {
        IncrementalHash hash = _hash ?? throw new InvalidOperationException("No hash was started.");
        Flush();
        byte[] bytes = hash.GetHashAndReset();
        hash.Dispose();
        _hash = null;
        char[] hex = new char[bytes.Length * 2];
        for (int i = 0; i < bytes.Length; i++)
        {
            hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
            hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
        }
        return new string(hex);
    }

    public void Flush()
    {
        _hash?.AppendData(_buffer, 0, _used);
        target.Write(_buffer, 0, _used);
        _used = 0;
    }

    public void Dispose()
    {
        Flush();
        _hash?.Dispose();
    }

    /// <summary>The shortest of 6 to 9 digits that reads back the same; .NET Framework and .NET disagree about "R".</summary>
    internal static string FormatFloat(float value)
    {
        if (float.IsNaN(value))
            return "nan";
        if (float.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        if (value == 0)
            return 1 / value < 0 ? "-0" : "0";
        string text = "";
        for (int digits = 6; digits <= 9; digits++)
        {
            text = value.ToString("G" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) == value)
                break;
        }
        return text;
    }

    private void Character(char c)
    {
        string? escape = c switch
        {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ when NeedsEscape(c) => "\\u" + ((int)c).ToString("X4", CultureInfo.InvariantCulture),
            _ => null,
        };
        if (escape != null)
        {
            Raw(escape);
        }
        else if (c < 0x800)
        {
            Byte((byte)(0xC0 | (c >> 6)));
            Byte((byte)(0x80 | (c & 0x3F)));
        }
        else
        {
            Byte((byte)(0xE0 | (c >> 12)));
            Byte((byte)(0x80 | ((c >> 6) & 0x3F)));
            Byte((byte)(0x80 | (c & 0x3F)));
        }
    }

    // By fixed ranges, not by the Unicode tables of the framework at hand, which change between versions.
    private static bool NeedsEscape(char c) =>
        c is < ' ' or (>= '\x7f' and <= '\x9f') or '\xad' or '\u061C' or '\u180E'
            or (>= '\u200B' and <= '\u200F') or (>= '\u2028' and <= '\u202E') or (>= '\u2060' and <= '\u206F')
            or '\uFEFF' or (>= '\uFFF0' and <= '\uFFFF')
        || char.IsSurrogate(c);

    private void SurrogatePair(char high, char low)
    {
        int point = char.ConvertToUtf32(high, low);
        // Tags (plane 14) are invisible; everything else above the basic plane is written as it is.
        if (point >= 0xE0000)
        {
            Raw("\\u" + ((int)high).ToString("X4", CultureInfo.InvariantCulture));
            Raw("\\u" + ((int)low).ToString("X4", CultureInfo.InvariantCulture));
            return;
        }
        Byte((byte)(0xF0 | (point >> 18)));
        Byte((byte)(0x80 | ((point >> 12) & 0x3F)));
        Byte((byte)(0x80 | ((point >> 6) & 0x3F)));
        Byte((byte)(0x80 | (point & 0x3F)));
    }

    // Writes the characters up to the first that may need an escape, or that may not fit; how many they are.
    [MethodImpl(JustInTime.Optimized)]
    private int Plain(string text)
    {
        if (text.Length > _buffer.Length - _used)
            return 0;
        byte[] buffer = _buffer;
        int used = _used;
        int i = 0;
        for (; i < text.Length; i++)
        {
            char c = text[i];
            if (c is < ' ' or >= '\x7f' or '"' or '\\')
                break;
            buffer[used++] = (byte)c;
        }
        _used = used;
        return i;
    }

    private void Byte(byte value)
    {
        if (_used == _buffer.Length)
            Flush();
        _buffer[_used++] = value;
    }
}
