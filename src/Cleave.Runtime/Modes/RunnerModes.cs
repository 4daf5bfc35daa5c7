using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Ledger;
using Cleave.Plans;
using Cleave.Sessions;

namespace Cleave.Modes;

/// <summary>
/// The modes of one runner: chooses one for each request, by what the ledger offers and by their recent times. Modes but the planned one are opened
/// when they were wanted for a while, by a thread of their own: no request waits for a session. Thread-safe.
/// </summary>
internal sealed class RunnerModes
{
    // A model that answered so many requests is worth another session, to see whether it is faster.
    private const int Known = 20;

    private readonly CoreLedger _ledger;
    private readonly RunnerHint _hint;
    private readonly ModeOpener _opener;
    private readonly ModeInstances[] _modes;
    private readonly bool[] _open;
    private readonly PartSessions _parts;
    private readonly int _planned;
    private int _last;
    private int _alone;

    /// <param name="ledger">Who uses the cores.</param>
    /// <param name="hint">What the application asked for.</param>
    /// <param name="opener">Opens them; here, the planned one.</param>
    /// <exception cref="CleaveException">ONNX Runtime refuses it.</exception>
    public RunnerModes(CoreLedger ledger, RunnerHint hint, ModeOpener opener)
    {
        _ledger = ledger;
        _hint = hint;
        _opener = opener;
        Growth = new CoreGrowth(ledger.Cores, opener.Cores);
        _modes = opener.Instances();
        _open = new bool[_modes.Length];
        _parts = new PartSessions(opener, opener.Places, opener.Cores);
        _planned = _last = opener.Planned;
        Planned = opener.OpenPlanned();
        Opened(_planned, Planned);
        Division = new DivisionModes(this, opener, _modes);
    }

    public CoreLedger Ledger => _ledger;

    /// <summary>Notices that the process has more cores than these modes are for.</summary>
    public CoreGrowth Growth { get; }

    public RunnerHint Hint => _hint;

    public int Count => _modes.Length;

    /// <summary>The place of the mode that was chosen last.</summary>
    public int Last => Volatile.Read(ref _last);

    /// <summary>The cores that a request takes in the mode of that place.</summary>
    public int Cores(int mode) => _modes[mode].Cores;

    /// <summary>How many instances the modes may have together: each has a place of its own.</summary>
    public int Places => _opener.Places + PartSessions.Most;

    /// <summary>What becomes of sessions of several threads where others are missed.</summary>
    public SessionExchange Exchange { get; } = new();

    /// <summary>How requests run in several of them at once.</summary>
    public DivisionModes Division { get; }

    /// <summary>Sessions for parts of jobs that no mode is for, by falling threads.</summary>
    public RunnerMode[] ForParts => _parts.Open;

    /// <summary>What the sessions may take, and do, by estimate.</summary>
    public MemoryLimit Memory => _opener.Memory;

    /// <summary>How many requests began in them.</summary>
    public RequestCounts Requests => _opener.Requests;

    /// <summary>The place of the planned mode.</summary>
    public int PlannedIndex => _planned;

    /// <summary>The mode that was opened with the runner.</summary>
    public RunnerMode Planned { get; }

    /// <summary>The processors of the lanes that are pinned.</summary>
    public IEnumerable<ProcessorLease> Leases => _modes.SelectMany(static m => m.Open).Select(static m => m.Plan.Lease).OfType<ProcessorLease>();

    /// <summary>For each thread of the modes: done when it has ended, after <see cref="Stop"/>.</summary>
    public IEnumerable<Task> Ended => _modes.SelectMany(static m => m.Open).SelectMany(static m => m.Ended);

    /// <summary>The first instance of the mode of that place, or null while it is not open.</summary>
    public RunnerMode? Find(int mode) => _modes[mode].Open is [var first, ..] ? first : null;

    /// <summary>The open instances of the mode of that place.</summary>
    public RunnerMode[] Instances(int mode) => _modes[mode].Open;

    /// <summary>What the mode of that place is to be.</summary>
    public ChosenPlan Wanted(int mode) => _opener.Modes[mode];

    /// <summary>Why the mode of that place is not open, where it is not.</summary>
    public string WhyNotOpen(int mode) => _opener.WhyNotOpen(mode);

    /// <summary>Has a mode opened that was measured to be the best, where the runner has it; requests go on meanwhile.</summary>
    public void Want(ChosenPlan best)
    {
        if (Find(best) is >= 0 and var mode && Find(mode) is null)
            OpenMissed(mode);
    }

    /// <summary>Has another instance of a mode opened; where there is no room, one that requests miss is asked for again later.</summary>
    public void OpenMissed(int mode) => _opener.Open(mode, Opened, _modes[mode].Postpone);

    /// <summary>Whether the modes of another engine are the same ones.</summary>
    public bool AreAlike(RunnerModes other) => other.Count == Count && other.PlannedIndex == PlannedIndex && Enumerable.Range(0, Count).All(i => Find(other.Wanted(i)) == i);

    /// <summary>The place of the mode that is this plan with these threads; -1 where there is none.</summary>
    public int Find(ChosenPlan plan) => Array.FindIndex(_opener.Modes, mode => mode.Plan == plan.Plan && mode.Threads.SequenceEqual(plan.Threads));

    /// <summary>Begins a request.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited, in the background, for a core.</exception>
    public Turn Enter(RequestTimes times, CancellationToken token)
    {
        Growth.Look();
        if (_hint == RunnerHint.Background)
            return EnterBackground(_modes.Length - 1, token);
        long now = _ledger.Now;
        Share share = _ledger.Enter(now);
        try
        {
            return BeginBest(times, share, now);
        }
        catch
        {
            Withdraw();
            throw;
        }
    }

    /// <summary>Begins several requests that share the lanes of the planned mode.</summary>
    /// <exception cref="OperationCanceledException">They were cancelled while they waited, in the background, for a core.</exception>
    public Turn EnterPlanned(CancellationToken token)
    {
        Growth.Look();
        if (_hint == RunnerHint.Background)
            return EnterBackground(_planned, token);
        long now = _ledger.Now;
        _ledger.Enter(now);
        try
        {
            return Begin(_planned, now, isAlone: false);
        }
        catch
        {
            Withdraw();
            throw;
        }
    }

    /// <summary>Begins a request in that mode, whatever else runs: one on an accelerator, which is none of these, or the planned one.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited, in the background, for a core.</exception>
    public Turn EnterOn(RunnerMode mode, CancellationToken token)
    {
        Growth.Look();
        long now;
        if (_hint == RunnerHint.Background)
        {
            _ledger.EnterBackground(token);
            now = _ledger.Now;
        }
        else
        {
            now = _ledger.Now;
            _ledger.Enter(now);
        }
        mode.Begin();
        _ledger.Take(mode.Cores - 1);
        return new Turn(mode, _planned, now, IsAlone: false);
    }

    /// <summary>
    /// Begins a part of a job that is given so many cores. Where no session for so many is free, it has fewer; where none is open yet, it shares the planned one.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited, in the background, for a core.</exception>
    public Turn EnterPart(int cores, CancellationToken token)
    {
        Growth.Look();
        if (_hint == RunnerHint.Background)
            return EnterBackground(_modes.Length - 1, token);
        long now = _ledger.Now;
        _ledger.Enter(now);
        try
        {
            return BeginPart(cores, now);
        }
        catch
        {
            Withdraw();
            throw;
        }
    }

    /// <summary>The numbers of cores that the parts of jobs may be given, rising, where they have so many together; 1 alone where there is one mode.</summary>
    public int[] PartThreads(int cores) => _modes.Length == 1 ? [1] : [.. _modes.Select(static m => m.Cores).Where(c => c <= cores).Reverse()];

    /// <summary>Whether other requests leave so many cores to the parts of a job beside those that they have.</summary>
    public bool HasRoom(int cores) => _hint == RunnerHint.Background || _ledger.Busy + cores <= _ledger.Cores.Now;

    /// <summary>Ends a request; what it took says something about the mode where nothing else ran. Those seconds, where that is so.</summary>
    public double? Leave(Turn turn, RequestTimes times, bool succeeded)
    {
        if (Leave(turn) is not { } end || !turn.IsAlone || !succeeded)
            return null;
        double seconds = _ledger.Seconds(turn.Start, end);
        times.Add(turn.Index, seconds);
        return seconds;
    }

    /// <summary>Ends a request. When it ended, where nothing else ran until then.</summary>
    public long? Leave(Turn turn)
    {
        turn.Mode.End();
        if (_hint == RunnerHint.Background)
        {
            _ledger.LeaveBackground(turn.Mode.Cores);
            return null;
        }
        long now = _ledger.Now;
        return _ledger.Leave(turn.Mode.Cores, turn.Start, now) ? now : null;
    }

    /// <summary>Notes that so many requests are in one run: cores go by runs, and whoever counts requests is told of each.</summary>
    public void BeginTogether(int requests) => NoteTogether(requests - 1);

    /// <summary>Notes that this run is over.</summary>
    public void EndTogether(int requests) => NoteTogether(1 - requests);

    /// <summary>Opens, on the calling thread, what is open of other modes of the same model, where there is memory for it.</summary>
    public void OpenLike(RunnerModes other)
    {
        for (int mode = 0; mode < Math.Min(Count, other.Count); mode++)
        {
            while (Instances(mode).Length < other.Instances(mode).Length && _opener.OpenHere(mode, Opened))
            {
                // One instance after the other.
            }
        }
    }

    /// <summary>Opens, on the calling thread, sessions of so many threads each, where there is memory for them.</summary>
    public void OpenFor(int[] threads)
    {
        foreach (IGrouping<int, int> alike in threads.GroupBy(static t => t))
        {
            int mode = Array.FindLastIndex(_modes, m => m.Cores == alike.Key);
            while (mode >= 0 && Instances(mode).Length < alike.Count() && _opener.OpenHere(mode, Opened))
            {
                // One instance after the other.
            }
        }
    }

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop()
    {
        foreach (RunnerMode mode in _modes.SelectMany(static m => m.Open))
            mode.Stop();
    }

    private void NoteTogether(int more)
    {
        if (_hint != RunnerHint.Background)
            _ledger.Join(more);
    }

    // What had entered does not begin: somebody interrupted the thread. The ledger is the whole process's.
    private void Withdraw() => _ledger.Leave(1, _ledger.Now);

    private Turn BeginBest(RequestTimes times, Share share, long now)
    {
        // Nothing to choose, and nothing to compare: a call of a microsecond would notice.
        if (_modes.Length == 1)
            return Begin(0, now, isAlone: false);
        int first = FirstWithin(share.Cores);
        int best = share.IsAlone && first == 0 ? times.ForAlone(_open) : times.Best(_open, first);
        if (share.IsAlone)
            NoteAlone();
        int wanted = best < 0 ? first : best;
        if (wanted != first && !Volatile.Read(ref _open[first]))
            Missed(first);
        return Begin(wanted, now, share.IsAlone);
    }

    private Turn BeginPart(int cores, long now)
    {
        // It may have been planned for more than there are now.
        cores = Math.Min(cores, _ledger.Cores.Now);
        int mode = FirstWithin(cores);
        // Whether one before the planned mode is better was not seen yet.
        while (mode < _planned && Find(mode) is null)
            mode++;
        if (_modes[mode].Cores >= cores || _modes.Length == 1)
            return Begin(mode, now, isAlone: false, isPart: true);
        if (_parts.TryBegin(cores) is not { } exact)
            return Begin(mode, now, isAlone: false, isMissed: false);
        _ledger.Take(exact.Cores - 1);
        return new Turn(exact, mode, now, IsAlone: false);
    }

    private Turn EnterBackground(int mode, CancellationToken token)
    {
        _ledger.EnterBackground(token);
        try
        {
            return Begin(mode, _ledger.Now, isAlone: false);
        }
        catch
        {
            _ledger.LeaveBackground(1);
            throw;
        }
    }

    // The mode wanted, or the next one with fewer cores that is open and has its threads free, or else the next with more.
    private Turn Begin(int wanted, long now, bool isAlone, bool isMissed = true, bool isPart = false)
    {
        int chosen = wanted;
        RunnerMode? taken = _modes[chosen].TryBegin();
        if (taken is null && isMissed)
            Missed(chosen, isPart);
        while (taken is null && ++chosen < _modes.Length)
            taken = _modes[chosen].TryBegin();
        if (taken is null)
        {
            // There will be no more of these: one thread each is better than to wait for each other.
            if (isPart ? _opener.IsFull : _opener.IsFullFor(wanted))
                Missed(_modes.Length - 1);
            chosen = wanted;
            while (Find(chosen) is null)
                chosen--;
            taken = _modes[chosen].Begin();
        }
        _ledger.Take(taken.Cores - 1);
        if (chosen != Volatile.Read(ref _last))
            Changed(chosen, taken);
        return new Turn(taken, chosen, now, isAlone);
    }

    private int FirstWithin(int cores)
    {
        int first = 0;
        while (first < _modes.Length - 1 && _modes[first].Cores > cores)
            first++;
        return first;
    }

    private void Changed(int mode, RunnerMode taken)
    {
        Volatile.Write(ref _last, mode);
        _opener.SayMode(taken, _ledger);
    }

    // Further sessions of several threads are opened, as long as there are few: parts have five together with all others, requests that meet one each. Then others have to go, but not
    // for parts.
    private void Missed(int mode, bool isPart = false)
    {
        if (mode < _planned || !_modes[mode].Miss())
            return;
        if (!_opener.IsThick(mode) || !(isPart ? _opener.IsFull : _opener.IsFullFor(mode)))
            OpenMissed(mode);
        else if (isPart || Instances(mode).Length >= _modes[mode].Most || !Exchange.TryForRequests(Instead(mode), _modes[mode].Postpone))
            _modes[mode].Postpone();
    }

    private int[] Instead(int mode) =>
        [.. Enumerable.Repeat(_modes[mode].Cores, _modes[mode].Most), .. Instances(_modes.Length - 1).Select(static m => m.Cores)];

    private void NoteAlone()
    {
        if (_alone >= Known)
        {
            NoteBetter();
            return;
        }
        if (Interlocked.Increment(ref _alone) != Known || !_opener.IsSmall)
            return;
        for (int better = 0; better < _planned; better++)
            OpenMissed(better);
        OpenMissed(_modes.Length - 1);
    }

    // One before the planned mode that there was no memory for is missed by each that is alone.
    private void NoteBetter()
    {
        for (int better = 0; better < _planned; better++)
        {
            if (!Volatile.Read(ref _open[better]) && _opener.IsSmall && _modes[better].Miss())
                OpenMissed(better);
        }
    }

    private void Opened(int index, RunnerMode mode)
    {
        _modes[index].Add(mode);
        Volatile.Write(ref _open[index], true);
    }
}
