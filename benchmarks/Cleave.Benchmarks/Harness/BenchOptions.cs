using System;
using System.Linq;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>How long to measure, and what.</summary>
/// <param name="Quick">Few rounds: says whether everything works, not how fast it is.</param>
/// <param name="Only">The one family to measure; null for all.</param>
/// <param name="Models">Of the families that measure all models: only those whose names begin with one of these, or are those before a $, between commas; null for all.</param>
/// <param name="Device">The device table by which the families of the cost model predict; null has them calibrate first.</param>
internal sealed record BenchOptions(bool Quick, string? Only, string? Models = null, string? Device = null)
{
    /// <summary>How many times as many rounds there may be where the machine is not quiet.</summary>
    public const int Extension = 3;

    /// <summary>The harness's own number of rounds and calls; few of both where it is only a trial.</summary>
    public MeasureSettings Settings => Quick ? MeasureSettings.Trial : new MeasureSettings { Extension = Extension };

    /// <summary>Null where an argument is not understood.</summary>
    public static BenchOptions? TryParse(ReadOnlySpan<string> arguments) => arguments switch
    {
        [] => new BenchOptions(Quick: false, Only: null),
        ["--quick", .. var rest] => TryParse(rest) is { } options ? options with { Quick = true } : null,
        ["--only", var family, .. var rest] => TryParse(rest) is { } options ? options with { Only = family } : null,
        ["--models", var start, .. var rest] => TryParse(rest) is { } options ? options with { Models = start } : null,
        ["--device", var table, .. var rest] => TryParse(rest) is { } options ? options with { Device = table } : null,
        _ => null,
    };

    /// <summary>Whether a model is measured.</summary>
    public bool Has(string model) => Models is null || Models.Split(',').Any(start => start.EndsWith('$') ? model == start[..^1] : model.StartsWith(start, StringComparison.Ordinal));

    /// <summary>So many rounds, few of them where it is only a trial.</summary>
    public int Rounds(int full) => Quick ? 2 : full;

    /// <summary>Blocks of exactly so many calls, few of them where it is only a trial.</summary>
    public MeasureSettings Blocks(int calls) =>
        Quick ? MeasureSettings.Trial with { LeastCalls = Math.Min(calls, 20) } : new MeasureSettings { LeastCalls = calls, MostCalls = calls };
}
