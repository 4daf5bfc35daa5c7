using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>A listing that does not follow docs/listing.md.</summary>
internal sealed class ListingException(int line, string what)
    : Exception("line " + line.ToString(CultureInfo.InvariantCulture) + ": " + what)
{
    /// <summary>Whether it is of a later version of Cleave, and not damaged.</summary>
    public bool IsLater { get; init; }
}

/// <summary>Takes a listing apart: line by line, field by field. Names that occur often are kept once.</summary>
internal sealed class ListingScanner
{
    // A graph in a graph takes three levels (node, attribute, body).
    private const int DeepestLine = 3 * ModelReader.DeepestNesting + 8;

    private readonly string _text;
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);
    private int _at;
    private int _lineEnd;
    private int _line;

    public ListingScanner(string text)
    {
        _text = text;
        _lineEnd = -1;
        NextLine();
    }

    /// <summary>Level of the current line; -1 after the last.</summary>
    public int Depth { get; private set; }

    /// <summary>The current line's keyword.</summary>
    public string Keyword { get; private set; } = "";

    /// <summary>Whether all lines have been read.</summary>
    public bool AtEnd => Depth < 0;

    /// <summary>Whether the current line has another field.</summary>
    public bool HasField => _at < _lineEnd && _text[_at] == ' ';

    /// <summary>Goes to the next line; the current one must have been read to its end.</summary>
    public void NextLine()
    {
        if (_lineEnd >= 0 && _at < _lineEnd)
            throw Error("unexpected '" + _text.Substring(_at, Math.Min(20, _lineEnd - _at)) + "'");
        int start = _lineEnd + 1;
        _line++;
        if (start >= _text.Length)
        {
            Depth = -1;
            Keyword = "";
            _at = _lineEnd = _text.Length;
            return;
        }
        _lineEnd = _text.IndexOf('\n', start);
        if (_lineEnd < 0)
            throw Error("the line does not end");
        int spaces = 0;
        while (_text[start + spaces] == ' ')
            spaces++;
        if (spaces % 2 != 0)
            throw Error("the line is indented by an odd number of spaces");
        Depth = spaces / 2;
        if (Depth > DeepestLine)
            throw Error("the line is indented too far");
        _at = start + spaces;
        Keyword = BareWord();
    }

    /// <summary>The keywords of the lines below the current one; whoever reads a line goes to the next.</summary>
    public IEnumerable<string> Block()
    {
        int depth = Depth + 1;
        NextLine();
        while (Depth == depth)
            yield return Keyword;
        if (Depth > depth)
            throw Error("the line is indented too far");
    }

    public string Word()
    {
        Space();
        return BareWord();
    }

    public long Number()
    {
        Space();
        return BareNumber();
    }

    public string Text()
    {
        Space();
        return Quoted();
    }

    public string[] Texts() => [.. List(s => s.Quoted())];

    public long[] Numbers() => [.. List(s => s.BareNumber())];

    /// <summary>A list in square brackets.</summary>
    public List<T> List<T>(Func<ListingScanner, T> item)
    {
        Space();
        Take('[');
        List<T> items = [];
        if (TryTake(']'))
            return items;
        do
            items.Add(item(this));
        while (TryTake(','));
        Take(']');
        return items;
    }

    public float BareFloat()
    {
        string word = BareWord();
        switch (word)
        {
            case "nan":
                return float.NaN;
            case "inf":
                return float.PositiveInfinity;
            case "-inf":
                return float.NegativeInfinity;
            case "-0":
                return -0f;
        }
        if (!float.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out float value))
            throw Error("'" + word + "' is no number");
        return value;
    }

    public long BareNumber()
    {
        string word = BareWord();
        if (!long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value))
            throw Error("'" + word + "' is no number");
        return value;
    }

    /// <summary>Letters, digits, '.', '-' and '+'.</summary>
    public string BareWord()
    {
        int start = _at;
        while (_at < _lineEnd && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '.' or '-' or '+'))
            _at++;
        if (_at == start)
            throw Error("a word is missing");
        return Once(_text.Substring(start, _at - start));
    }

    public string Quoted()
    {
        Take('"');
        int start = _at;
        int end = _text.IndexOfAny(QuoteOrEscape, _at, _lineEnd - _at);
        if (end < 0)
            throw Error("a text does not end");
        if (_text[end] == '"')
        {
            _at = end + 1;
            return Once(_text.Substring(start, end - start));
        }
        StringBuilder builder = new(_text, start, end - start, end - start + 16);
        _at = end;
        while (true)
        {
            if (_at >= _lineEnd)
                throw Error("a text does not end");
            char c = _text[_at++];
            if (c == '"')
                return builder.ToString();
            builder.Append(c == '\\' ? Escape() : c);
        }
    }

    public void Space() => Take(' ');

    public void Take(char c)
    {
        if (!TryTake(c))
            throw Error("'" + c + "' is missing");
    }

    public bool TryTake(char c)
    {
        if (_at >= _lineEnd || _text[_at] != c)
            return false;
        _at++;
        return true;
    }

    /// <summary>Whether the next character is <paramref name="c"/>; takes nothing.</summary>
    public bool Sees(char c) => _at < _lineEnd && _text[_at] == c;

    public ListingException Error(string what) => new(_line, what);

    /// <summary>For a version that only a later Cleave reads.</summary>
    public ListingException Later(long version) =>
        new(_line, "version " + version.ToString(CultureInfo.InvariantCulture) + " is of a later Cleave: update Cleave here, or delete the file") { IsLater = true };

    private static readonly char[] QuoteOrEscape = ['"', '\\'];

    private char Escape()
    {
        if (_at >= _lineEnd)
            throw Error("an escape does not end");
        char c = _text[_at++];
        switch (c)
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case '"' or '\\':
                return c;
            case 'u' when _at + 4 <= _lineEnd && ushort.TryParse(
                _text.Substring(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code):
                _at += 4;
                return (char)code;
            default:
                throw Error("unknown escape");
        }
    }

    private string Once(string word)
    {
        if (_words.TryGetValue(word, out string? known))
            return known;
        _words.Add(word, word);
        return word;
    }
}
