using System;
using System.Threading;
using Cleave.Cores;

namespace Cleave.Ledger;

/// <summary>
/// How many cores the process has now. Masks and quotas change while it runs, so they are read again, at most once a second and only while
/// requests come, on a thread of the pool. Thread-safe.
/// </summary>
internal sealed class CoreCount(Func<CoreBudget> read, TimeProvider clock) : IThreadPoolWorkItem
{
    private readonly long _step = clock.TimestampFrequency;
    private CoreBudget _budget = read();
    private long _read = clock.GetTimestamp();

    public static CoreCount Process { get; } = new(new ProcessBudget(ProcessFiles.System).Read, TimeProvider.System);

    public CoreBudget Budget => Volatile.Read(ref _budget);

    public int Now => Budget.Cores;

    /// <summary>As <see cref="Now"/>; has it read again where that is long ago.</summary>
    public int At(long now)
    {
        long last = Volatile.Read(ref _read);
        if (now - last > _step && Interlocked.CompareExchange(ref _read, now, last) == last)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return Now;
    }

    /// <summary>Reads again.</summary>
    public void Read() => Volatile.Write(ref _budget, read());

    void IThreadPoolWorkItem.Execute() => Read();
}
