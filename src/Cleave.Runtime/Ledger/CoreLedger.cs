using System;
using System.Threading;
using Cleave.Cores;
using Cleave.Sessions;

namespace Cleave.Ledger;

/// <summary>
/// Who uses the process's cores: every runner's requests, while they run. Says how many cores a request may use: all of them where it is alone,
/// an equal share where others run or ran a moment ago, one where there is no room. Only requests in the background are made to wait; for
/// all others it takes no lock. Sets no timer. Thread-safe.
/// </summary>
internal sealed class CoreLedger
{
    /// <summary>How long a request counts after it is over: clients that come one after another rarely come without a gap.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromMilliseconds(30);

    private const int MostCounted = 64;

    private readonly TimeProvider _clock;
    private readonly long _memory;
    // When so many requests were last in flight at once.
    private readonly long[] _seen = new long[MostCounted + 1];
    private int _mostSeen = 1;
    private int _inFlight;
    private int _joined;
    private int _busy;

    public CoreLedger(CoreCount cores, TimeProvider clock)
    {
        Cores = cores;
        _clock = clock;
        _memory = (long)(Remembered.TotalSeconds * clock.TimestampFrequency);
        Array.Fill(_seen, long.MinValue / 2);
        Waiting = new WaitingRoom(() => !IsFull, TryTakeFree);
    }

    /// <summary>The ledger of this process.</summary>
    public static CoreLedger Process { get; } = LedgerMeter.Observed(new CoreLedger(CoreCount.Process, TimeProvider.System));

    /// <summary>Where requests in the background wait for a core.</summary>
    public WaitingRoom Waiting { get; }

    public CoreCount Cores { get; }

    /// <summary>What times calls for its meter; null: it has none.</summary>
    public CallInstruments? Calls { get; set; }

    /// <summary>Those whose requests they are.</summary>
    public OpenRunners Runners { get; } = new();

    /// <summary>The memory that their further sessions share.</summary>
    public FurtherSessions Memory { get; } = new();

    /// <summary>Says which processors the process may run on, of which pinned lanes get theirs; others in tests.</summary>
    public Func<int[]> Allowed { get; init; } = AffinityMask.Processors;

    /// <summary>The processors that their pinned lanes have.</summary>
    public PinnedProcessors Pinned { get; } = new();

    /// <summary>Runs in flight: requests that run together are one, as they use its cores.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests in flight, each of those that run together.</summary>
    public int Requests => InFlight + Volatile.Read(ref _joined);

    /// <summary>Cores that they use; more than there are, where more requests run than there are cores.</summary>
    public int Busy => Volatile.Read(ref _busy);

    /// <summary>Whether there is a core for each thread that runs.</summary>
    public bool HasRoom => Busy <= Cores.Now;

    private bool IsFull => Busy >= Cores.Now;

    public long Now => _clock.GetTimestamp();

    /// <summary>Seconds between two values of <see cref="Now"/>.</summary>
    public double Seconds(long from, long to) => _clock.GetElapsedTime(from, to).TotalSeconds;

    /// <summary>Notes that a request begins, with one core for now, and says how many it may take.</summary>
    public Share Enter(long now)
    {
        int busy = Interlocked.Increment(ref _busy) - 1;
        int inFlight = Interlocked.Increment(ref _inFlight);
        Note(inFlight, now);
        int cores = Cores.At(now);
        int together = Together(inFlight, now, now);
        return new Share(Math.Max(1, Math.Min(cores / together, cores - busy)), together);
    }

    /// <summary>Has a request in the background wait for a core, or until it has waited for long: then it begins as by <see cref="EnterBackground()"/>.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited.</exception>
    public void EnterBackground(CancellationToken token)
    {
        if (Waiting.TryTake(token))
            Cores.At(Now);
        else
            EnterBackground();
    }

    /// <summary>Notes that a request in the background begins: it takes a core, and changes nothing else for others.</summary>
    public void EnterBackground()
    {
        Interlocked.Increment(ref _busy);
        Cores.At(Now);
    }

    /// <summary>Notes that a request in the background is over that had so many cores.</summary>
    public void LeaveBackground(int cores)
    {
        Interlocked.Add(ref _busy, -cores);
        Waiting.Leave();
    }

    /// <summary>Notes that so many more requests, or with a minus fewer, are in a run than the one that entered.</summary>
    public void Join(int more) => Interlocked.Add(ref _joined, more);

    /// <summary>Notes that the request takes more cores than one.</summary>
    public void Take(int more) => Interlocked.Add(ref _busy, more);

    /// <summary>Notes that a request is over that had so many cores.</summary>
    public void Leave(int cores, long now) => Leave(cores, now, now);

    /// <summary>The same. True where it was alone from its beginning until now, and shortly before now.</summary>
    /// <param name="cores">What it had.</param>
    /// <param name="start">When it began.</param>
    /// <param name="now">When it is over.</param>
    public bool Leave(int cores, long start, long now)
    {
        int left = Interlocked.Decrement(ref _inFlight);
        if (left > 0)
            Note(left + 1, now);
        Interlocked.Add(ref _busy, -cores);
        Waiting.Leave();
        return left == 0 && Together(1, now, start) == 1;
    }

    // In one step: where several wait for it, one has it.
    private bool TryTakeFree()
    {
        int busy = Busy;
        while (busy < Cores.Now)
        {
            int now = Interlocked.CompareExchange(ref _busy, busy + 1, busy);
            if (now == busy)
                return true;
            busy = now;
        }
        return false;
    }

    private void Note(int inFlight, long now)
    {
        if (inFlight < 2)
            return;
        int count = Math.Min(inFlight, MostCounted);
        Volatile.Write(ref _seen[count], now);
        for (int most = Volatile.Read(ref _mostSeen); count > most; most = Volatile.Read(ref _mostSeen))
            Interlocked.CompareExchange(ref _mostSeen, count, most);
    }

    // How many requests were in flight at once lately, or since a request began.
    private int Together(int atLeast, long now, long start)
    {
        for (int count = Volatile.Read(ref _mostSeen); count > atLeast; count--)
        {
            if (Volatile.Read(ref _seen[count]) is var seen && (now - seen < _memory || seen >= start))
                return count;
        }
        return Math.Min(atLeast, MostCounted);
    }
}

/// <summary>What the ledger offers a request.</summary>
/// <param name="Cores">How many cores it may use.</param>
/// <param name="Together">How many requests run or ran lately at once, this one included.</param>
internal readonly record struct Share(int Cores, int Together)
{
    public bool IsAlone => Together == 1;
}
