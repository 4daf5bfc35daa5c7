using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Cleave.Core.Diagnostics;
using Microsoft.CodeAnalysis.CSharp;

namespace Cleave.Generator.Model;

/// <summary>Makes C# identifiers from names nobody can trust.</summary>
internal static class Identifiers
{
    public const int Longest = 100;

    /// <summary>PascalCase of the runs of letters and digits in <paramref name="name"/>; "" where there are none.</summary>
    public static string Pascal(string name, string prefixForDigits)
    {
        StringBuilder builder = new();
        bool startsWord = true;
        foreach (char c in name)
        {
            if (!IsLetterOrDigit(c))
            {
                startsWord = true;
                continue;
            }
            if (builder.Length == 0 && char.IsDigit(c))
                builder.Append(prefixForDigits);
            if (builder.Length >= Longest)
                break;
            builder.Append(startsWord ? char.ToUpperInvariant(c) : c);
            startsWord = false;
        }
        return builder.ToString();
    }

    /// <summary>camelCase of a PascalCase identifier: a leading run of capitals counts as one word.</summary>
    public static string Camel(string pascal)
    {
        int capitals = 0;
        while (capitals < pascal.Length && char.IsUpper(pascal[capitals]))
            capitals++;
        bool nextWordStarts = capitals > 1 && capitals < pascal.Length && char.IsLower(pascal[capitals]);
        int lower = Math.Max(nextWordStarts ? capitals - 1 : capitals, Math.Min(1, pascal.Length));
        return pascal.Substring(0, lower).ToLowerInvariant() + pascal.Substring(lower);
    }

    /// <summary>The identifier as it is written: a keyword gets an <c>@</c>.</summary>
    public static string Escape(string identifier) =>
        SyntaxFacts.GetKeywordKind(identifier) == SyntaxKind.None ? identifier : "@" + identifier;

    /// <summary>Whether a user's text can stand as an identifier as it is.</summary>
    public static bool IsIdentifier(string text)
    {
        if (text.Length is 0 or > Longest || char.IsDigit(text[0]))
            return false;
        foreach (char c in text)
        {
            if (!IsLetterOrDigit(c) && c != '_')
                return false;
        }
        return SyntaxFacts.GetKeywordKind(text) == SyntaxKind.None;
    }

    /// <summary>Whether a user's text can stand as a namespace as it is.</summary>
    public static bool IsNamespace(string text) => Array.TrueForAll(text.Split('.'), IsIdentifier);

    /// <summary>A root namespace is often the project's file name: what cannot stand in C# becomes '_', as in a new project.</summary>
    public static string NamespaceFromProject(string text)
    {
        List<string> parts = [];
        foreach (string part in text.Split('.'))
        {
            StringBuilder builder = new();
            foreach (char c in part.Length > Longest ? part.Substring(0, Longest - 1) : part)
                builder.Append(IsLetterOrDigit(c) ? c : '_');
            if (builder.Length == 0)
                continue;
            string name = builder.ToString();
            parts.Add(IsIdentifier(name) ? name : "_" + name);
        }
        return string.Join(".", parts);
    }

    // Letters of the basic plane that can be seen, and decimal digits: all of them can stand in an identifier.
    private static bool IsLetterOrDigit(char c) => char.IsLetterOrDigit(c) && !OneLine.IsInvisible(c);
}

/// <summary>Names in use in one place of the generated code.</summary>
internal sealed class NameScope(params string[] reserved)
{
    private readonly HashSet<string> _used = new(reserved, StringComparer.Ordinal);
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <summary>The wanted name, or a free one with a number behind it.</summary>
    public string Take(string wanted)
    {
        if (_used.Add(wanted))
            return wanted;
        string separator = char.IsDigit(wanted[wanted.Length - 1]) ? "_" : "";
        int number = _numbers.TryGetValue(wanted, out int last) ? last : 1;
        string name;
        do
            name = wanted + separator + (++number).ToString(CultureInfo.InvariantCulture);
        while (!_used.Add(name));
        _numbers[wanted] = number;
        return name;
    }

    public void Reserve(string name) => _used.Add(name);

    public bool IsFree(string name) => !_used.Contains(name);
}
