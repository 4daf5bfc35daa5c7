using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Batching;
using Cleave.Tool.Benching;

namespace Cleave.Tool.Ensembles;

/// <summary>Deploys a matrix and sends samples through it.</summary>
internal static class MatrixTimer
{
    // Of every matrix the same, and so many that the largest batch comes several times.
    private const int Samples = 256;

    private const int Fewest = 2;
    private const int Most = 15;
    private const double EnoughSeconds = 0.5;

    /// <summary>Nanoseconds for each sample, the median of some requests.</summary>
    public static long Time(EnsembleModels models, InstanceGroup[] cells, int cores, CancellationToken token)
    {
        EnsembleOptions options = models.Options(cores);
        options.Cells = models.Paths.Zip(cells).ToDictionary(static c => c.First, static c => new EnsembleCell(c.Second.Count, c.Second.Threads, c.Second.Batch), StringComparer.Ordinal);
        using LooseEnsemble runner = new(models.Definition, options);
        LooseRequest request = models.Request(Samples);
        runner.Run(request, token).Dispose();
        List<double> times = [];
        while (times.Count < Fewest || (times.Count < Most && times.Sum() < EnoughSeconds))
        {
            long start = Stopwatch.GetTimestamp();
            runner.Run(request, token).Dispose();
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        times.Sort();
        return Math.Max(1, (long)(times[times.Count / 2] * 1e9 / Samples));
    }
}
