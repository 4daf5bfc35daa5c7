using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Ensembles;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;

namespace Cleave.Tool.Ensembles;

/// <summary>Measures one member alone: what an instance takes for a batch, and what the process grows by.</summary>
internal sealed class MemberTimer(EnsembleModels models, int member, CancellationToken token)
{
    // What takes longer than a second is large enough: larger batches are not tried.
    private const double LongestNanoseconds = 1e9;

    private const int Fewest = 3;
    private const int Most = 25;
    private const double EnoughNanoseconds = 3e8;

    private static readonly int[] Batches = [4, 8, 16, 32, 64, 128];

    private readonly long _before = Resident();
    private readonly HashSet<int> _tooLong = [];
    private readonly BatchMemory _memory = new();

    /// <summary>The batches that were not measured yet with so many threads.</summary>
    public static IEnumerable<int> Missing(IReadOnlyList<TunedCell> known, int threads)
    {
        TunedCell[] times = [.. known.Where(t => t.Threads == threads)];
        return times.Any(static t => t.Nanoseconds > LongestNanoseconds) ? [] : Batches.Where(b => !times.Any(t => t.Batch == b));
    }

    /// <summary>Nanoseconds of a batch, the median; null where a smaller one takes too long already.</summary>
    public long? Time(int threads, int batch)
    {
        if (_tooLong.Contains(threads))
            return null;
        RunnerOptions options = new() { Cores = threads, Dividing = DividingChoice.Off };
        using LooseRunner runner = new(models.Paths[member], models.Specs[member], options);
        using LooseCall call = runner.CreateCall(models.Inputs(member, batch));
        // The first learns the outputs' shapes, the second binds their memory.
        call.Run(token);
        call.Run(token);
        List<double> times = [];
        while (times.Count < Fewest || (times.Count < Most && times.Sum() < EnoughNanoseconds))
        {
            long start = Stopwatch.GetTimestamp();
            call.Run(token);
            times.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds);
            if (times[^1] > LongestNanoseconds)
                break;
        }
        _memory.Note(batch, Resident());
        double median = Statistics.Median(times);
        if (median > LongestNanoseconds)
            _tooLong.Add(threads);
        return Math.Max(1, (long)median);
    }

    /// <summary>What the process has grown by. Pages that were there before, or that others freed, make it an estimate.</summary>
    public MemberMemory Memory(MemberMemory known)
    {
        // A call that went on with one batch size has seen no slope: what was seen before stays.
        if (_memory.Small is not { } small || (_memory.Sample is null && known.Sample > 0))
            return known;
        long inputs = models.Inputs(member, 1).Inputs.Sum(static i => (long)i.Bytes.Length);
        long sample = Math.Max(_memory.Sample ?? 0, inputs);
        return known with { Sample = sample, Fixed = Math.Max(0, small.Bytes - _before - known.Weights - (small.Batch * sample)) };
    }

    private static long Resident()
    {
        GC.Collect();
        return Environment.WorkingSet;
    }
}
