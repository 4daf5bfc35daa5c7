using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Ensembles;
using Cleave.Generated;

namespace Cleave.Tool.Ensembles;

/// <summary>Measures one member alone on accelerators: what its only instance takes for a batch while batches overlap, and what it takes of the device's memory.</summary>
internal sealed class DeviceTimer(EnsembleModels models, int member, int cores, CancellationToken token)
{
    // What takes longer than a second is large enough: larger batches are not tried.
    private const double LongestNanoseconds = 1e9;

    private static readonly int[] Batches = [8, 16, 32, 64, 128];

    private readonly BatchMemory _memory = new();

    /// <summary>The batches that were not measured yet on a device.</summary>
    public static IEnumerable<int> Missing(IReadOnlyList<TunedDeviceCell> known, int device)
    {
        TunedDeviceCell[] times = [.. known.Where(t => t.Device == device)];
        return times.Any(static t => IsEnough(t.Nanoseconds)) ? [] : Batches.Where(b => !times.Any(t => t.Batch == b));
    }

    /// <summary>Whether larger batches need not be tried: this one took long, or more memory than there was.</summary>
    public static bool IsEnough(long nanoseconds) => nanoseconds is 0 or > (long)LongestNanoseconds;

    /// <summary>Whether a device had too little memory.</summary>
    public static bool LacksMemory(CleaveException e) => e is DeviceMemoryException || e.InnerException is DeviceMemoryException;

    /// <summary>Nanoseconds of a batch, the median; 0: the device lacks the memory.</summary>
    /// <exception cref="CleaveException">The device cannot be used, or the member fails there.</exception>
    public long Time(string device, int batch)
    {
        EnsembleOptions options = models.Options(cores);
        options.DeviceCells = new Dictionary<string, IReadOnlyDictionary<string, EnsembleCell>> { [models.Paths[member]] = new Dictionary<string, EnsembleCell> { [device] = new(1, 1, batch) } };
        EnsembleDefinition alone = models.Alone(member, device);
        try
        {
            return MatrixTimer.Time(alone, options, models.RequestAlone(member, MatrixTimer.Samples), MatrixTimer.Samples, token, () => _memory.Note(batch, models.Opened.Max(static d => d.MemoryUsed))) * batch;
        }
        catch (CleaveException e) when (LacksMemory(e))
        {
            return 0;
        }
    }

    /// <summary>What was used of the devices, as far as that was seen.</summary>
    public MemberMemory Memory(MemberMemory known)
    {
        if (_memory.Small is not { } small)
            return known;
        long sample = Math.Max(0, _memory.Sample ?? known.Sample);
        return known with { Sample = sample, Fixed = Math.Max(0, small.Bytes - known.Weights - (small.Batch * sample)) };
    }
}
