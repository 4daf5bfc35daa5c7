using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>The measurements of these suites: workers are this program, and a candidate that fails fails its case.</summary>
internal static class Interleaved
{
    public static WorkerHost Host { get; } = new(typeof(Interleaved).Assembly);

    // With fewer there is no interval of 95 %.
    private const int FewestRounds = 6;

    /// <exception cref="NotMeasuredException">A candidate failed, or too many rounds were disturbed by a parked one.</exception>
    public static Samples Measure(IReadOnlyList<Candidate> candidates, MeasureSettings settings)
    {
        Samples samples = new Measurement(c => new WorkerProcess(Host, c.Workload, c.Arguments), settings).Run(candidates);
        foreach ((string name, Failure failure) in samples.Failures)
            throw new NotMeasuredException($"{name}: {failure.Message}\n{failure.Details}");
        int rounds = samples.Blocks.Values.Min(static b => b.Length);
        // Where fewer were asked for, medians are read, and no interval.
        if (rounds < (settings.Rounds < FewestRounds ? 1 : FewestRounds))
            throw new NotMeasuredException($"{rounds} rounds counted; in {samples.DiscardedRounds} a thread of a parked candidate ran");
        return samples;
    }
}
