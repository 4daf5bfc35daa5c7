using System.Collections.Generic;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>
/// How the modes of a runner compare for requests of one set of dimensions, measured on requests that are alone; and which mode is the best by that.
/// Once in a while a few requests in a row run in another mode than the best, and are compared with those just before them: so a machine
/// that gets slower or faster changes nothing. The first ones after a change do not count: threads sleep, and the weights are in no
/// cache. What the trials cost stays within a small part of the time. Thread-safe.
/// </summary>
/// <param name="modes">How many there are, by falling cores; the last one is the measure of the others.</param>
/// <param name="planned">The one that is predicted to be the best.</param>
internal sealed class ModeTimes(int modes, int planned)
{
    /// <summary>More cores must take less than this part of the time: a gain of nothing is not worth the cores.</summary>
    public const double Worth = 0.95;

    /// <summary>The part of the time that may be lost by trying other modes, once each was compared often enough.</summary>
    public const double LostToTrials = 0.005;

    /// <summary>The first runs of a mode allocate and learn shapes.</summary>
    public const int Unsettled = 3;

    // As few requests lie between two trials, while little is known and afterwards.
    private const int SoonAgain = 12;
    private const int LaterAgain = 64;

    private readonly object _lock = new();
    private readonly int[] _runs = new int[modes];
    private readonly double[] _recent = new double[modes];
    private readonly RecentRatios[] _comparisons = NewComparisons(modes);
    private readonly Trial _trial = new();
    private WarmUp _warmUp;
    private int _current = -1;
    private int _sinceTrial;
    private int _turn;
    private double _saved;

    /// <summary>The recent time of a mode in seconds; null before there is one.</summary>
    public double? Recent(int mode) => Volatile.Read(ref _recent[mode]) is > 0 and var seconds ? seconds : null;

    /// <summary>How many times as long a mode takes as the last one; null where that is not known.</summary>
    public double? Relative(int mode) => mode == modes - 1 ? 1 : _comparisons[mode].Median;

    /// <summary>Begins with what was measured before: how many times as long each mode takes as the last one, null where that is not known.</summary>
    public void Begin(IReadOnlyList<double?> relative)
    {
        lock (_lock)
        {
            for (int mode = 0; mode < modes - 1; mode++)
            {
                if (relative[mode] is { } ratio)
                    _comparisons[mode].Begin(ratio);
            }
        }
    }

    /// <summary>The mode for a request that is alone: the best, or once in a while another one.</summary>
    /// <param name="open">Which modes are open; the planned one always is.</param>
    public int ForAlone(bool[] open)
    {
        lock (_lock)
        {
            if (_trial.Next(open) is { } tried)
                return tried;
            _current = Best(open, 0);
            if (++_sinceTrial < SoonAgain || _runs[_current] < Unsettled || Other(open) is not { } other)
                return _current;
            _sinceTrial = 0;
            _trial.Begin(other);
            return _trial.Next(open) ?? _current;
        }
    }

    /// <summary>Of the open modes from <paramref name="first"/> on the best; -1 where none is open.</summary>
    public int Best(bool[] open, int first)
    {
        int best = -1;
        for (int mode = modes - 1; mode >= first; mode--)
        {
            if (Volatile.Read(ref open[mode]) && (best < 0 || IsWorth(mode, best)))
                best = mode;
        }
        return best;
    }

    /// <summary>Adds what a request took that was alone from beginning to end.</summary>
    public void Add(int mode, double seconds)
    {
        lock (_lock)
        {
            bool isCold = _warmUp.IsCold(mode, seconds);
            if (_runs[mode] < Unsettled)
            {
                _runs[mode]++;
                return;
            }
            if (mode == _current)
                _saved += seconds * LostToTrials;
            if (isCold)
                return;
            if (_trial.Add(mode, seconds) is { } median)
                Compare(mode, median);
            double recent = _recent[mode];
            Volatile.Write(ref _recent[mode], recent == 0 ? seconds : RecentTime.Next(recent, seconds));
        }
    }

    private void Compare(int mode, double seconds)
    {
        _saved = 0;
        if (Recent(_current) is not { } current)
            return;
        double ratio = seconds / current;
        if (mode == modes - 1)
            _comparisons[_current].Add(1 / ratio);
        else if (Relative(_current) is { } relative)
            _comparisons[mode].Add(ratio * relative);
    }

    // What was not compared yet goes by the plan.
    private bool IsWorth(int wide, int narrow)
    {
        if (Relative(wide) is not { } relative)
            return wide >= planned;
        return Relative(narrow) is not { } than || relative < Worth * than;
    }

    // The mode to try now, in turn; null where it is not time yet.
    private int? Other(bool[] open)
    {
        for (int step = 1; step <= modes; step++)
        {
            int mode = (_turn + step) % modes;
            if (mode == _current || !Volatile.Read(ref open[mode]))
                continue;
            if (!IsDue(mode))
                return null;
            _turn = mode;
            return mode;
        }
        return null;
    }

    private bool IsDue(int mode)
    {
        if (_runs[mode] < Unsettled || !_comparisons[mode == modes - 1 ? _current : mode].IsComplete)
            return true;
        double loss = ((Relative(mode) / Relative(_current)) - 1 ?? 0) * _recent[_current];
        return _sinceTrial >= LaterAgain && _saved >= loss * _trial.Requests;
    }

    private static RecentRatios[] NewComparisons(int count)
    {
        RecentRatios[] comparisons = new RecentRatios[count];
        for (int i = 0; i < count; i++)
            comparisons[i] = new RecentRatios();
        return comparisons;
    }
}
