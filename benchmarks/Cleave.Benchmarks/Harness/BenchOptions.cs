using System;

namespace Cleave.Benchmarks.Harness;

/// <summary>How long to measure, and what.</summary>
/// <param name="Quick">Few rounds: says whether everything works, not how fast it is.</param>
/// <param name="Only">The one family to measure; null for all.</param>
internal sealed record BenchOptions(bool Quick, string? Only)
{
    /// <summary>Null where an argument is not understood.</summary>
    public static BenchOptions? TryParse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new BenchOptions(Quick: false, Only: null),
        ["--quick", .. var rest] => TryParse(rest) is { } options ? options with { Quick = true } : null,
        ["--only", var family, .. var rest] => TryParse(rest) is { } options ? options with { Only = family } : null,
        _ => null,
    };

    /// <summary>So many rounds, few of them where it is only a trial.</summary>
    public int Rounds(int full) => Quick ? 2 : full;
}
