using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Text;
using Cleave.Core.Diagnostics;

namespace Cleave.Generator.Pipeline;

/// <summary>A runner's class name, and the model it is made from.</summary>
internal sealed record ClassName(string FullName, string Source, string Place)
{
    public static ClassName Of(RunnerFile runner) => new(runner.Spec.FullName, runner.Spec.Source, runner.Place);
}

/// <summary>The class names of all models together: which are taken twice, and which file names the compiler would take for the same.</summary>
internal sealed record ClassNames(EquatableArray<ClassName> Twice, EquatableArray<string> Alike)
{
    private const int LongestHint = 120;

    public static ClassNames Of(ImmutableArray<ClassName> names)
    {
        ClassName[] sorted = [.. names.OrderBy(n => n.FullName, StringComparer.Ordinal).ThenBy(n => n.Source, StringComparer.Ordinal)];
        IEnumerable<ClassName> twice = sorted.GroupBy(n => n.FullName, StringComparer.Ordinal).Where(g => g.Skip(1).Any()).SelectMany(g => g);
        IEnumerable<string> alike = sorted.Select(n => n.FullName).Distinct()
            .GroupBy(Readable, StringComparer.OrdinalIgnoreCase).Where(g => g.Skip(1).Any()).SelectMany(g => g);
        return new ClassNames(new([.. twice]), new([.. alike]));
    }

    public bool AreUnique(string fullName) => !Twice.Any(n => n.FullName == fullName);

    /// <summary>The name of the runner's generated files, without their endings: ASCII letters, digits, '_' and '.', unique whatever their case.</summary>
    public string Hint(string fullName)
    {
        string readable = Readable(fullName);
        return readable == fullName && !Alike.Contains(fullName) ? readable : readable + "_" + Fingerprint(fullName);
    }

    /// <summary>One problem for each model whose class another model makes as well.</summary>
    public IEnumerable<ReportedProblem> Clashes()
    {
        foreach (ClassName name in Twice)
        {
            ClassName other = Twice.First(n => n.FullName == name.FullName && !ReferenceEquals(n, name));
            yield return ReportedProblem.Of(new Problem(Rules.ClassDefinedTwice, name.FullName, other.Source), name.Source, name.Place);
        }
    }

    private static string Readable(string fullName)
    {
        StringBuilder builder = new();
        // The end says more than the beginning.
        foreach (char c in fullName.Length > LongestHint ? fullName.Substring(fullName.Length - LongestHint) : fullName)
            builder.Append(c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '.' ? c : '_');
        return builder.ToString();
    }

    // FNV-1a: the same on every framework and in every process, unlike GetHashCode.
    private static string Fingerprint(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
            hash = unchecked((hash ^ c) * 1099511628211);
        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
