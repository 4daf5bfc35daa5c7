using System;
using System.Threading;

namespace Cleave.Ensembles;

/// <summary>How the runs of a member went, wherever they were. Thread-safe.</summary>
internal sealed class MemberCounts
{
    private long _answered;
    private long _failures;
    private long _inARow;
    private Exception? _last;

    public long Answers => Interlocked.Read(ref _answered);

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Failures since the last run that was answered.</summary>
    public long InARow => Interlocked.Read(ref _inARow);

    /// <summary>The last failure; null: there was none.</summary>
    public Exception? Last => Volatile.Read(ref _last);

    public void Answered()
    {
        Interlocked.Increment(ref _answered);
        // Mostly it is 0, and other cores read it, too.
        if (Interlocked.Read(ref _inARow) != 0)
            Interlocked.Exchange(ref _inARow, 0);
    }

    public void Failed(Exception failure)
    {
        // First: whoever sees a failure sees which one.
        Volatile.Write(ref _last, failure);
        Interlocked.Increment(ref _failures);
        Interlocked.Increment(ref _inARow);
    }
}
