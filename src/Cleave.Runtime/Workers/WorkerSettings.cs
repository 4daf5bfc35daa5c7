using System;
using System.Diagnostics;
using Cleave.Cores;
using Microsoft.Extensions.Logging;

namespace Cleave.Workers;

/// <summary>How the threads of a <see cref="WorkQueue"/> are made. Holds nothing of the runner.</summary>
/// <param name="Name">The name of the n-th thread, from 1.</param>
/// <param name="Most">How many there may be.</param>
/// <param name="Logger">Gets a warning when a thread dies.</param>
internal sealed record WorkerSettings(Func<int, string> Name, int Most, ILogger Logger)
{
    /// <summary>What it costs to wake a core that went to sleep.</summary>
    public static readonly long ShortSpin = Stopwatch.Frequency / 20_000; // 50 µs

    /// <summary>For how long a thread without work may spin, 0 for not at all, in <see cref="Stopwatch"/> ticks.</summary>
    public long SpinLimit { get; init; } = ShortSpin;

    /// <summary>Where the threads run; null: wherever the system puts them.</summary>
    public ThreadPin? Pin { get; init; }
}
