using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>The fastest of many candidates: all of them in a few rounds, then the fastest two of each group in all rounds, against each other.</summary>
internal static class Qualified
{
    private const int FewRounds = 3;
    private const int Kept = 2;

    // A run takes milliseconds: a few of them are a block.
    private static readonly MeasureSettings Full = new() { Extension = BenchOptions.Extension, LeastCalls = 3, LeastTime = TimeSpan.FromMilliseconds(60) };

    /// <param name="groups">Candidates of which the fastest counts; their names differ.</param>
    /// <param name="options">How long to measure.</param>
    /// <returns>Of those that were measured in all rounds.</returns>
    public static Samples Measure(IReadOnlyList<IReadOnlyList<Candidate>> groups, BenchOptions options)
    {
        MeasureSettings settings = options.Quick ? MeasureSettings.Trial : Full;
        Samples few = Interleaved.Measure([.. groups.SelectMany(static g => g)], settings with { Rounds = options.Rounds(FewRounds), Extension = 1, WarmUp = settings.WarmUp / 2 });
        return Interleaved.Measure([.. groups.SelectMany(g => g.OrderBy(c => few.Median(c.Name)).Take(Kept))], settings);
    }
}
