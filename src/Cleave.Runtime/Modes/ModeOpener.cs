using System;
using System.Linq;
using System.Threading;
using Cleave.Calls;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Plans;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Modes;

/// <summary>Opens the modes of a runner: the planned one at once, instances of others on a thread of their own. Thread-safe.</summary>
internal sealed class ModeOpener(
    ModelDefinition definition, RunnerOptions options, ModeList list, CoreBudget cores, CoreLedger ledger, SessionTable sessions, SessionsBefore before, RunGate gate, ILogger logger)
{
    // What it is for a disposal that waits for it.
    private const string Work = "another session is being opened";

    private readonly MemoryLimit _limit = new(options.MaxMemory, options.Files, ledger.Memory) { Beside = before.Memory };
    private readonly ChosenPlan[] _modes = list.Modes;
    private readonly string?[] _whyNot = new string?[list.Modes.Length];
    private readonly int[] _most = list.Instances(cores.Cores);
    // By mode: which of its instances are open, or are being opened. Changed under the lock.
    private readonly bool[][] _asked = Array.ConvertAll(list.Instances(cores.Cores), static most => new bool[most]);
    private readonly object _beginning = new();
    // Sessions of several threads that were opened, or are being opened; changed under the lock.
    private int _thick;
    // Why there is one mode only, where that is so.
    private string? _whyOnly;

    /// <summary>What they are to be.</summary>
    public ChosenPlan[] Modes => _modes;

    /// <summary>The cores that they are for.</summary>
    public int Cores => cores.Cores;

    /// <summary>The place of the planned mode.</summary>
    public int Planned => list.Planned;

    /// <summary>Whether there are as many sessions of several threads as there may be for parts of jobs, those that are being opened among them.</summary>
    public bool IsFull => Volatile.Read(ref _thick) >= PartSessions.MostThick;

    /// <summary>The same for a mode: requests that meet may have one for each, beside the one with the most cores, where that is more.</summary>
    public bool IsFullFor(int mode) => Volatile.Read(ref _thick) >= Math.Max(PartSessions.MostThick, _most[mode] + (mode == 0 ? 0 : 1));

    /// <summary>How many instances the modes may have together.</summary>
    public int Places => _most.Sum();

    /// <summary>What the sessions may take, and do, by estimate.</summary>
    public MemoryLimit Memory => _limit;

    /// <summary>How many requests began in all modes that were opened.</summary>
    public RequestCounts Requests { get; } = new();

    /// <summary>Whether its weights are so few that another session may be made only to see whether it is faster.</summary>
    public bool IsSmall => sessions.Factory.IsSmall;

    /// <summary>Whether a mode has sessions of several threads of its own; a split is as one.</summary>
    public bool IsThick(int mode) => Array.Exists(_modes[mode].Threads, static t => t > 1);

    /// <summary>Why a mode was not opened, or not yet.</summary>
    public string WhyNotOpen(int mode) => Volatile.Read(ref _whyNot[mode]) ?? "it was not needed so far";

    /// <summary>The modes, none of them open.</summary>
    public ModeInstances[] Instances() => [.. _modes.Zip(_most, static (mode, most) => new ModeInstances(mode.Cores, most))];

    /// <summary>Opens the planned mode; where ONNX Runtime refuses a part of it, the whole model.</summary>
    public RunnerMode OpenPlanned()
    {
        _limit.Add(sessions.Factory.EstimatedBytes(_modes[Planned].Plan));
        _asked[Planned][0] = true;
        if (IsThick(Planned))
            _thick = 1;
        OpenedPlan plan = OpenedPlan.Open(definition, options, _modes[Planned], cores.Cores, sessions, before.Processors, logger);
        _whyOnly = plan.WhyOnly;
        // Where ONNX Runtime refused it, it is not asked again.
        if (!IsAsPlanned(plan))
            Array.Fill(_asked[Planned], true);
        return Mode(Planned, 0, plan);
    }

    /// <summary>
    /// Has one more instance of a mode opened, unless there are as many as there may be, the runner is closed, memory is short, or there are enough sessions of several threads. Where
    /// one of the last two is the reason, there may be room later.
    /// </summary>
    /// <param name="index">The mode.</param>
    /// <param name="opened">Gets the instance.</param>
    /// <param name="postponed">Called where there may be room later, on the opener's thread, too.</param>
    public void Open(int index, Action<int, RunnerMode> opened, Action postponed)
    {
        if (Begin(index, opened, postponed) is { } opening)
            Start(opening);
    }

    /// <summary>The same on the calling thread. False where none was opened.</summary>
    public bool OpenHere(int index, Action<int, RunnerMode> opened) => Begin(index, opened, static () => { }) is { } opening && OpenNow(opening);

    /// <summary>
    /// Has a session of the whole model opened for parts of jobs that have so many threads each, unless the runner is closed or memory is short. It was counted
    /// (<see cref="TryCountPart"/>).
    /// </summary>
    /// <param name="threads">The threads.</param>
    /// <param name="number">Its number among such sessions.</param>
    /// <param name="place">Its place among the runner's modes.</param>
    /// <param name="opened">Gets it.</param>
    /// <param name="refused">Called where memory is short; it counts no more then.</param>
    /// <param name="failed">Called where it could not be opened; it counts no more then, either.</param>
    public void OpenPart(int threads, int number, int place, Action<RunnerMode> opened, Action refused, Action failed)
    {
        ChosenPlan chosen = ChosenPlan.Whole(definition.Budgets, threads, threads);
        Start(new ModeOpening(
            chosen,
            () => opened(Counted(new RunnerMode(
                definition, OpenedPlan.OpenExactly(definition, options, chosen, number, sessions, before.Processors, logger).Checked(),
                new LaneSettings(ledger, HasCores: true, options.Timeline), place, oneAtATime: true, logger))),
            _ =>
            {
                lock (_beginning)
                    _thick--;
                refused();
            },
            e =>
            {
                lock (_beginning)
                    _thick--;
                failed();
                Log.ModeFailed(logger, definition.Name, chosen.Words, e.Message, e);
            }));
    }

    /// <summary>Counts one more session of several threads, for parts of jobs; false where there are as many as there may be.</summary>
    public bool TryCountPart()
    {
        lock (_beginning)
        {
            if (IsFull)
                return false;
            _thick++;
            return true;
        }
    }

    /// <summary>Logs that requests run in another mode from now on.</summary>
    public void SayMode(RunnerMode mode, CoreLedger now)
    {
        // Asked first: the words are garbage.
        if (logger.IsEnabled(LogLevel.Debug))
            Log.ModeChanged(logger, definition.Name, mode.Words, now.InFlight, now.Busy, now.Cores.Now);
    }

    // The next instance; null where there is to be none, or not now. One at a time: no two get one number.
    private ModeOpening? Begin(int index, Action<int, RunnerMode> opened, Action postponed)
    {
        lock (_beginning)
        {
            int number = Array.IndexOf(_asked[index], false);
            if (number < 0)
                return null;
            if (_whyOnly is { } why)
            {
                // What ConfigureSession leaves no choice of is not asked for again.
                Volatile.Write(ref _whyNot[index], why);
                _asked[index][number] = true;
                Log.ModeRefused(logger, definition.Name, _modes[index].Words, why);
                return null;
            }
            if (!IsThick(index) || !IsFullFor(index))
            {
                Volatile.Write(ref _whyNot[index], "it is being opened");
                _asked[index][number] = true;
                if (IsThick(index))
                    _thick++;
                return Opening(index, number, opened, postponed);
            }
            Volatile.Write(ref _whyNot[index], "there are enough sessions of several threads already");
        }
        postponed();
        return null;
    }

    private ModeOpening Opening(int index, int number, Action<int, RunnerMode> opened, Action postponed) => new(
        _modes[index],
        () => opened(index, Mode(index, number, OpenedPlan.OpenExactly(definition, options, _modes[index], number, sessions, before.Processors, logger).Checked())),
        why =>
        {
            lock (_beginning)
            {
                Volatile.Write(ref _whyNot[index], why);
                _asked[index][number] = false;
                if (IsThick(index))
                    _thick--;
            }
            postponed();
        },
        e => Failed(index, e))
    {
        // Lanes of one thread are in the sessions that the first instance has, which is there: the runner was opened with it.
        HasSessions = index == Planned && !IsThick(index),
    };

    private void Start(ModeOpening opening)
    {
        try
        {
            new Thread(() => OpenNow(opening)) { IsBackground = true, Name = "Cleave " + definition.Name + " opener" }.UnsafeStart();
        }
        catch (Exception e)
        {
            // The request goes on without. There may be threads later, as there may be memory.
            Refuse(opening, "no thread could be started: " + e.Message);
        }
    }

    // What it may take is looked at here, on no request's thread: that may read files, and wait for sessions that others make.
    private bool OpenNow(ModeOpening opening)
    {
        // Disposing waits for it, as for a request.
        if (!gate.TryEnter())
            return false;
        long counted = 0;
        try
        {
            gate.Begin(Work);
            long bytes = opening.HasSessions ? 0 : sessions.Factory.EstimatedBytes(opening.Chosen.Plan);
            if (!_limit.TryAdd(bytes, out string why))
            {
                Refuse(opening, why);
                return false;
            }
            counted = bytes;
            Log.ModeOpens(logger, definition.Name, opening.Chosen.Words, bytes / 1048576.0, _limit.Words);
            opening.Open();
            _limit.Opened(bytes);
            return true;
        }
        catch (Exception e)
        {
            _limit.Return(counted);
            opening.Failed(e);
            return false;
        }
        finally
        {
            gate.End(Work);
        }
    }

    private void Refuse(ModeOpening opening, string why)
    {
        opening.Refused(why);
        Log.ModeRefused(logger, definition.Name, opening.Chosen.Words, why);
    }

    // No instance of it is asked for again; others may have its place among the sessions of several threads.
    private void Failed(int index, Exception e)
    {
        lock (_beginning)
        {
            Volatile.Write(ref _whyNot[index], "opening it failed: " + e.Message);
            Array.Fill(_asked[index], true);
            if (IsThick(index))
                _thick--;
        }
        Log.ModeFailed(logger, definition.Name, _modes[index].Words, e.Message, e);
    }

    // Where there is a mode for fewer cores, lanes serve one request at a time, and so do sessions of several threads that others may have, too, or that may be there again.
    private RunnerMode Mode(int index, int number, OpenedPlan plan) => Counted(new(
        definition, plan, new LaneSettings(ledger, HasCores: plan.HasCores(cores.Cores), options.Timeline),
        place: _most.Take(index).Sum() + number,
        oneAtATime: index < _modes.Length - 1 && (plan.Threads.Length > 1 || index > Planned || (_most[index] > 1 && IsAsPlanned(plan))), logger));

    private bool IsAsPlanned(OpenedPlan plan) => plan.Outline.Plan == _modes[Planned].Plan;

    private RunnerMode Counted(RunnerMode mode)
    {
        Requests.Add(mode.Counted);
        return mode;
    }
}

/// <summary>A mode that is to be opened.</summary>
/// <param name="Chosen">What it is to be.</param>
/// <param name="Open">Opens it, and hands it over.</param>
/// <param name="Refused">Told why there is no memory, or no thread, for it now.</param>
/// <param name="Failed">Told why it could not be opened; it is not tried again.</param>
internal sealed record ModeOpening(ChosenPlan Chosen, Action Open, Action<string> Refused, Action<Exception> Failed)
{
    /// <summary>Whether all its sessions are there, so that it takes no memory but that of a few threads.</summary>
    public bool HasSessions { get; init; }
}
