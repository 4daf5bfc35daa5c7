using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Prepared;

/// <summary>What the starts of several candidates took, a process for each, in turns.</summary>
/// <param name="Milliseconds">By candidate, by round: the times of one start.</param>
internal sealed record StartSamples(IReadOnlyDictionary<string, double[][]> Milliseconds)
{
    /// <param name="candidates">Workload and arguments, by name.</param>
    /// <param name="rounds">How often each starts.</param>
    public static StartSamples Take(Dictionary<string, (string Workload, string[] Arguments)> candidates, int rounds)
    {
        Dictionary<string, List<double[]>> taken = candidates.Keys.ToDictionary(static c => c, static _ => new List<double[]>(), StringComparer.Ordinal);
        for (int round = 0; round < rounds; round++)
        {
            // Another one begins each round: what the one before has left in caches is nobody's own.
            foreach ((string name, (string workload, string[] arguments)) in candidates.Skip(round % candidates.Count).Concat(candidates.Take(round % candidates.Count)))
            {
                using WorkerProcess worker = new(Interleaved.Host, workload, arguments);
                taken[name].Add([.. worker.Block(StartWorkload.Times).Nanoseconds.Select(static n => n / 1e6)]);
            }
        }
        return new StartSamples(taken.ToDictionary(static t => t.Key, static t => t.Value.ToArray(), StringComparer.Ordinal));
    }

    /// <summary>A line whose ratio must hold a limit, with its whole interval.</summary>
    public Line Compare(string what, string candidate, string baseline, int time, double limit)
    {
        (Interval ratio, string words) = Ratio(candidate, baseline, time);
        return Line.Of(what, string.Create(CultureInfo.InvariantCulture, $"<= {limit}x"), words, ratio.High <= limit, Milliseconds);
    }

    /// <summary>A line without a target.</summary>
    public Line Show(string what, string candidate, string baseline, int time) => Line.Shown(what, Ratio(candidate, baseline, time).Words, Milliseconds);

    /// <summary>One time of a candidate, in all rounds.</summary>
    public double[] At(string candidate, int time) => [.. Milliseconds[candidate].Select(t => t[time])];

    private (Interval Ratio, string Words) Ratio(string candidate, string baseline, int time)
    {
        double[] ours = At(candidate, time), theirs = At(baseline, time);
        Interval ratio = Statistics.MedianInterval(ours.Zip(theirs, static (a, b) => a / b));
        return (ratio, string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} ({Statistics.Median(ours):0} and {Statistics.Median(theirs):0} ms; least {ours.Min():0} and {theirs.Min():0})"));
    }
}
