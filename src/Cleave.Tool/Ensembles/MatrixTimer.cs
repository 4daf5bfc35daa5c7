using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Generated;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;

namespace Cleave.Tool.Ensembles;

/// <summary>Deploys a matrix and sends samples through it.</summary>
internal static class MatrixTimer
{
    /// <summary>Of every matrix the same, and so many that the largest batch comes several times; of accelerators so many for each.</summary>
    public const int Samples = 256;

    private const int Fewest = 2;
    private const int Most = 15;
    private const double EnoughSeconds = 0.5;

    /// <summary>Nanoseconds for each sample, the median of some requests.</summary>
    /// <param name="definition">The ensemble.</param>
    /// <param name="options">The matrix, and all else.</param>
    /// <param name="request">What is sent.</param>
    /// <param name="samples">How many samples it has.</param>
    /// <param name="token">Ends it.</param>
    /// <param name="ran">Called after the last request, while all is still open.</param>
    /// <exception cref="CleaveException">It cannot be deployed, or does not run.</exception>
    public static long Time(EnsembleDefinition definition, EnsembleOptions options, LooseRequest request, int samples, CancellationToken token, Action? ran = null)
    {
        using LooseEnsemble runner = new(definition, options);
        runner.Run(request, token).Dispose();
        List<double> times = [];
        while (times.Count < Fewest || (times.Count < Most && times.Sum() < EnoughSeconds))
        {
            long start = Stopwatch.GetTimestamp();
            runner.Run(request, token).Dispose();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        ran?.Invoke();
        return Math.Max(1, (long)(Statistics.Median(times) * 1e9 / samples));
    }
}
