using System;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>Notices that the process has more cores than modes were opened for, as where the quota of its container was raised. Thread-safe.</summary>
/// <param name="cores">Those of the process.</param>
/// <param name="opened">What the modes were opened for.</param>
internal sealed class CoreGrowth(CoreCount cores, int opened)
{
    // How many there were when it was told last; 0 where there are no more than the modes are for.
    private int _told;

    /// <summary>Told of it; again each time that their number has changed, for it may come to nothing.</summary>
    public Action? Grown { get; set; }

    /// <summary>Whether more change nothing as yet; null: they always do.</summary>
    public Func<bool>? IsHeld { get; set; }

    /// <summary>Whether there are more.</summary>
    public bool IsThere => cores.Now > opened;

    /// <summary>Looks. For each request: reads two numbers.</summary>
    public void Look()
    {
        int now = cores.Now is var count && count > opened ? count : 0;
        if (now == Volatile.Read(ref _told) || IsHeld?.Invoke() == true || Interlocked.Exchange(ref _told, now) == now || now == 0)
            return;
        Grown?.Invoke();
    }
}
