using System;
using System.Collections.Generic;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>The measurements of these suites: workers are this program, and a candidate that fails fails its family.</summary>
internal static class Interleaved
{
    public static WorkerHost Host { get; } = new(typeof(Interleaved).Assembly);

    public static Samples Measure(IReadOnlyList<Candidate> candidates, MeasureSettings settings)
    {
        Samples samples = new Measurement(c => new WorkerProcess(Host, c.Workload, c.Arguments), settings).Run(candidates);
        foreach ((string name, Failure failure) in samples.Failures)
            throw new InvalidOperationException($"{name}: {failure.Message}\n{failure.Details}");
        return samples;
    }
}
