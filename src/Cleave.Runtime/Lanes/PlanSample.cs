using System;
using System.Threading;
using Cleave.Calls;
using Cleave.Elements;

namespace Cleave.Lanes;

/// <summary>One request's way through a plan, time after time: the segments bound to its buffers, and what they write.</summary>
internal sealed class PlanSample(SegmentCall?[] segments, ResultSlot[] results) : IDisposable
{
    private static long _requests;

    /// <summary>By segment; null for those on an accelerator.</summary>
    public SegmentCall?[] Segments => segments;

    public ResultSlot[] Results => results;

    /// <summary>Counts the runs, from 1: a value is there once it was published with the present number.</summary>
    public int Number { get; private set; }

    /// <summary>Counts the runs of the process, where they are recorded.</summary>
    public long Request { get; private set; }

    /// <summary>Before each run, while no lane runs.</summary>
    public void Begin(bool isRecorded)
    {
        Number++;
        if (isRecorded)
            Request = Interlocked.Increment(ref _requests);
    }

    /// <summary>Lets go of what ONNX Runtime allocated between segments, whether or not it was read. While no lane runs.</summary>
    public void Drop()
    {
        foreach (ResultSlot result in results)
            result.Drop();
    }

    public void Dispose()
    {
        foreach (SegmentCall? segment in segments)
            segment?.Dispose();
        foreach (ResultSlot result in results)
            result.Dispose();
    }
}
