using System;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Ledger;

namespace Cleave.Prepared.Making;

/// <summary>
/// Keeps a preparation in the background: after each step it rests nine times as long as the step took, so that even a step which had all cores takes a tenth of them, and none
/// begins while requests have all cores, or wait for one, unless a copy of the weights is held.
/// </summary>
/// <param name="ledger">Who uses the cores.</param>
/// <param name="clock">Measures the steps.</param>
/// <param name="wait">Waits for so long, or until it is cancelled.</param>
/// <param name="token">Ends it.</param>
internal sealed class PreparationPace(CoreLedger ledger, TimeProvider clock, Action<TimeSpan, CancellationToken> wait, CancellationToken token)
{
    /// <summary>So many times as long as a step takes it rests.</summary>
    public const int Rest = 9;

    // How long it lets requests go before it looks again whether there is room. Only while they have all cores: in an idle process the preparation goes on, and ends.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // The lowest of Linux: whatever else is to run, runs first.
    private const int LowestPriority = 19;

    private long _begun = clock.GetTimestamp();

    /// <summary>The first step begins.</summary>
    public void Begin() => _begun = clock.GetTimestamp();

    /// <summary>A step is over.</summary>
    /// <exception cref="OperationCanceledException">It is to end.</exception>
    public void Next()
    {
        RestShortly();
        while (!token.IsCancellationRequested && (ledger.Busy >= ledger.Cores.Now || ledger.Waiting.Inside > 0))
            wait(Pause, token);
        token.ThrowIfCancellationRequested();
        _begun = clock.GetTimestamp();
    }

    /// <summary>A step is over, and a copy of the weights is held until the next one: it is not held for longer because requests have all cores.</summary>
    /// <exception cref="OperationCanceledException">It is to end.</exception>
    public void NextHolding()
    {
        RestShortly();
        token.ThrowIfCancellationRequested();
        _begun = clock.GetTimestamp();
    }

    private void RestShortly()
    {
        token.ThrowIfCancellationRequested();
        wait(clock.GetElapsedTime(_begun) * Rest, token);
    }

    /// <summary>Has the calling thread, and those that it starts, give way to all others. Only Linux does that to one thread.</summary>
    public static void GiveWay()
    {
        if (OperatingSystem.IsLinux())
            _ = setpriority(0, 0, LowestPriority);
    }

    [DllImport("libc")]
    private static extern int setpriority(int which, uint who, int priority);
}
