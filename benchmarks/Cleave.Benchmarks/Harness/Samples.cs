using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Benchmarks.Harness;

/// <summary>The blocks of each candidate, by round, and what is read off them.</summary>
internal sealed class Samples(IReadOnlyDictionary<string, Block[]> blocks)
{
    public IReadOnlyDictionary<string, Block[]> Blocks => blocks;

    /// <summary>Several measurements of the same candidates as one.</summary>
    public static Samples Join(IReadOnlyList<Samples> parts) =>
        new(parts[0].Blocks.Keys.ToDictionary(name => name, name => parts.SelectMany(p => p.Blocks[name]).ToArray(), StringComparer.Ordinal));

    /// <summary>The median over the rounds of how many times as long the first takes as the second.</summary>
    public double Ratio(string first, string second) => Statistics.Median(PerRound(first, second, (a, b) => a / b));

    /// <summary>The median over the rounds of how much longer the first takes than the second, in nanoseconds.</summary>
    public double Difference(string first, string second) => Statistics.Median(PerRound(first, second, (a, b) => a - b));

    /// <summary>The same ratio of the shortest times: what is left where nothing disturbed either.</summary>
    public double RatioOfMinima(string first, string second) => Minimum(first) / Minimum(second);

    /// <summary>The median of the rounds' medians, in nanoseconds.</summary>
    public double Median(string candidate) => Statistics.Median(blocks[candidate].Select(b => Statistics.Median(b.Nanoseconds)));

    public double Minimum(string candidate) => blocks[candidate].Min(b => b.Nanoseconds.Min());

    /// <summary>What one run allocated, in bytes: the median over the rounds.</summary>
    public double BytesPerRun(string candidate, int runsPerTiming = 1) =>
        Statistics.Median(blocks[candidate].Select(b => (double)b.Bytes / (b.Nanoseconds.Length * runsPerTiming)));

    private IEnumerable<double> PerRound(string first, string second, Func<double, double, double> of) =>
        blocks[first].Zip(blocks[second], (a, b) => of(Statistics.Median(a.Nanoseconds), Statistics.Median(b.Nanoseconds)));
}

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
