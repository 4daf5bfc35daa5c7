using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Plans;

namespace Cleave.Ledger;

/// <summary>
/// The modes of one runner: chooses one for each request, by what the ledger offers and by their recent times. Modes but the planned one are opened
/// when they were wanted for a while, by a thread of their own: no request waits for a session. Thread-safe.
/// </summary>
internal sealed class RunnerModes
{
    // So often a mode is missed before it is opened: two requests may meet by chance.
    private const int Missed = 8;

    // A model that answered so many requests is worth another session, to see whether it is faster.
    private const int Known = 20;

    private readonly CoreLedger _ledger;
    private readonly RunnerHint _hint;
    private readonly ModeOpener _opener;
    private readonly int[] _cores;
    private readonly RunnerMode?[] _modes;
    private readonly bool[] _open;
    private readonly int[] _missed;
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
        _cores = opener.Cores;
        _planned = _last = opener.Planned;
        Planned = opener.OpenPlanned();
        _cores[_planned] = Planned.Cores;
        _modes = new RunnerMode?[_cores.Length];
        _open = new bool[_cores.Length];
        _missed = new int[_cores.Length];
        _modes[_planned] = Planned;
        _open[_planned] = true;
    }

    public CoreLedger Ledger => _ledger;

    public RunnerHint Hint => _hint;

    public int Count => _modes.Length;

    /// <summary>The place of the mode that was chosen last.</summary>
    public int Last => Volatile.Read(ref _last);

    /// <summary>The cores that a request takes in the mode of that place.</summary>
    public int Cores(int mode) => _cores[mode];

    /// <summary>The place of the planned mode.</summary>
    public int PlannedIndex => _planned;

    /// <summary>The mode that was opened with the runner.</summary>
    public RunnerMode Planned { get; }

    /// <summary>Done when the threads of all modes have ended, after <see cref="Stop"/>.</summary>
    public Task Ended => Task.WhenAll(Array.ConvertAll(_modes, static m => m?.Ended ?? Task.CompletedTask));

    /// <summary>The mode of that place, or null while it is not open.</summary>
    public RunnerMode? Find(int mode) => Volatile.Read(ref _open[mode]) ? _modes[mode] : null;

    /// <summary>What the mode of that place is to be.</summary>
    public ChosenPlan Wanted(int mode) => _opener.Modes[mode];

    /// <summary>Why the mode of that place is not open, where it is not.</summary>
    public string WhyNotOpen(int mode) => _opener.WhyNotOpen(mode);

    /// <summary>Begins a request.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled while it waited, in the background, for a core.</exception>
    public Turn Enter(ModeTimes times, CancellationToken token)
    {
        if (_hint == RunnerHint.Background)
            return EnterBackground(_modes.Length - 1, token);
        long now = _ledger.Now;
        Share share = _ledger.Enter(now);
        int first = FirstWithin(share.Cores);
        int best = share.IsAlone && first == 0 ? times.ForAlone(_open) : times.Best(_open, first);
        Note(first, share.IsAlone);
        return Begin(best < 0 ? first : best, now, share.IsAlone);
    }

    /// <summary>Begins several requests that share the lanes of the planned mode.</summary>
    /// <exception cref="OperationCanceledException">They were cancelled while they waited, in the background, for a core.</exception>
    public Turn EnterPlanned(CancellationToken token)
    {
        if (_hint == RunnerHint.Background)
            return EnterBackground(_planned, token);
        long now = _ledger.Now;
        _ledger.Enter(now);
        return Begin(_planned, now, isAlone: false);
    }

    /// <summary>Ends a request; what it took says something about the mode where nothing else ran.</summary>
    public void Leave(Turn turn, ModeTimes times, bool succeeded)
    {
        if (Leave(turn) is { } end && turn.IsAlone && succeeded)
            times.Add(turn.Index, _ledger.Seconds(turn.Start, end));
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
        return _ledger.Leave(turn.Mode.Cores, now) ? now : null;
    }

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop()
    {
        foreach (RunnerMode? mode in _modes)
            mode?.Stop();
    }

    private Turn EnterBackground(int mode, CancellationToken token)
    {
        _ledger.Waiting.Await(token);
        _ledger.EnterBackground();
        return Begin(mode, _ledger.Now, isAlone: false);
    }

    // The mode wanted, or the next one with fewer cores that is open and has its lanes free, or else the next with more.
    private Turn Begin(int wanted, long now, bool isAlone)
    {
        int chosen = wanted;
        while (chosen < _modes.Length && !(Find(chosen) is { } mode && mode.TryBegin()))
            chosen++;
        if (chosen == _modes.Length)
        {
            chosen = wanted;
            while (Find(chosen) is null)
                chosen--;
            _modes[chosen]!.Begin();
        }
        RunnerMode taken = _modes[chosen]!;
        _ledger.Take(taken.Cores - 1);
        if (chosen != Volatile.Read(ref _last))
            Changed(chosen);
        return new Turn(taken, chosen, now, isAlone);
    }

    private int FirstWithin(int cores)
    {
        int first = 0;
        while (first < _cores.Length - 1 && _cores[first] > cores)
            first++;
        return first;
    }

    private void Changed(int mode)
    {
        Volatile.Write(ref _last, mode);
        _opener.SayMode(_modes[mode]!, _ledger);
    }

    private void Note(int mode, bool isAlone)
    {
        if (mode > _planned && !Volatile.Read(ref _open[mode]) && Interlocked.Increment(ref _missed[mode]) == Missed)
            _opener.Open(mode, Opened);
        if (!isAlone || _alone >= Known || Interlocked.Increment(ref _alone) != Known || !_opener.IsSmall)
            return;
        for (int better = 0; better < _planned; better++)
            _opener.Open(better, Opened);
        _opener.Open(_modes.Length - 1, Opened);
    }

    private void Opened(int index, RunnerMode mode)
    {
        _modes[index] = mode;
        Volatile.Write(ref _open[index], true);
    }
}
