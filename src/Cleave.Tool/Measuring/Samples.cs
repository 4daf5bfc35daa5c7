using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Tool.Measuring;

/// <summary>The blocks of each candidate, by round, and what is read off them.</summary>
internal sealed class Samples(IReadOnlyDictionary<string, Block[]> blocks)
{
    // Two processes of one program differ by this much as long as they live, by where their memory lies; no number of
    // rounds shows it. From ./build.sh bench graph, HarnessAgainstItself.
    private const double Processes = 0.004;

    public IReadOnlyDictionary<string, Block[]> Blocks => blocks;

    /// <summary>Candidates that could not be measured, and why.</summary>
    public IReadOnlyDictionary<string, Failure> Failures { get; init; } = new Dictionary<string, Failure>();

    /// <summary>Rounds that do not count, because a thread of a parked candidate ran.</summary>
    public int DiscardedRounds { get; init; }

    /// <summary>Several measurements of the same candidates as one.</summary>
    public static Samples Join(IReadOnlyList<Samples> parts) =>
        new(parts[0].Blocks.Keys.ToDictionary(name => name, name => parts.SelectMany(p => p.Blocks[name]).ToArray(), StringComparer.Ordinal))
        {
            DiscardedRounds = parts.Sum(p => p.DiscardedRounds),
        };

    /// <summary>How many times as long the first takes as the second: the median over the rounds, with its interval.</summary>
    public Interval Ratio(string first, string second)
    {
        Interval rounds = Statistics.MedianInterval(PerRound(first, second, (a, b) => a / b));
        return first == second ? rounds : new Interval(rounds.Low * (1 - Processes), rounds.Median, rounds.High * (1 + Processes));
    }

    /// <summary>How much longer the first takes than the second, in nanoseconds: the median over the rounds, with its interval.</summary>
    public Interval Difference(string first, string second) => Statistics.MedianInterval(PerRound(first, second, (a, b) => a - b));

    /// <summary>The same ratio of the shortest times: what is left where nothing disturbed either.</summary>
    public double RatioOfMinima(string first, string second) => Minimum(first) / Minimum(second);

    /// <summary>The median of the rounds' medians, in nanoseconds.</summary>
    public double Median(string candidate) => Statistics.Median(blocks[candidate].Select(b => Statistics.Median(b.Nanoseconds)));

    public double Minimum(string candidate) => blocks[candidate].Min(b => b.Nanoseconds.Min());

    /// <summary>What 99 of 100 calls do not exceed, in nanoseconds.</summary>
    public double Percentile99(string candidate) => Statistics.Quantile(blocks[candidate].SelectMany(b => b.Nanoseconds), 0.99);

    /// <summary>CPU time of one call, all threads, in nanoseconds: the median over the rounds.</summary>
    public double CpuPerCall(string candidate) => Statistics.Median(blocks[candidate].Select(b => (double)b.Cpu / b.Nanoseconds.Length));

    /// <summary>How many times as much CPU time a call of the first takes as one of the second: the median over the rounds, with its interval.</summary>
    public Interval CpuRatio(string first, string second) => Statistics.MedianInterval(
        blocks[first].Zip(blocks[second], static (a, b) => (double)a.Cpu / a.Nanoseconds.Length / ((double)b.Cpu / b.Nanoseconds.Length)));

    /// <summary>What one run allocated, in bytes: the median over the rounds.</summary>
    public double BytesPerRun(string candidate, int runsPerTiming = 1) =>
        Statistics.Median(blocks[candidate].Select(b => (double)b.Bytes / (b.Nanoseconds.Length * runsPerTiming)));

    private IEnumerable<double> PerRound(string first, string second, Func<double, double, double> of) =>
        blocks[first].Zip(blocks[second], (a, b) => of(Statistics.Median(a.Nanoseconds), Statistics.Median(b.Nanoseconds)));
}
