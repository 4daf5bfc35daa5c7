using System;
using System.Threading;

namespace Cleave.Modes;

/// <summary>
/// Finds out how the modes of a runner compare: once in a while a few requests in a row, whatever their sizes, run in another mode than the best, and each is compared
/// with those of its dimensions before, or where these are new, with new ones of its size. The first ones after a change do not count: threads sleep, and the
/// weights are in no cache. What the trials cost stays within a small part of the time. So a machine that gets slower or faster changes nothing. A trial that was faster
/// throughout cost nothing, and the next one follows soon: what was learned in a bad moment is not believed for long. Thread-safe.
/// </summary>
/// <param name="modes">How many there are.</param>
/// <param name="lock">Of all times of the runner.</param>
/// <param name="learned">Called when a trial is over, under that lock.</param>
internal sealed class ModeTrials(int modes, object @lock, Action learned)
{
    /// <summary>The part of the time that may be lost by trying other modes, once each was tried for a size as often as is free.</summary>
    public const double LostToTrials = 0.005;

    // As few requests lie between two trials, while little is known and afterwards.
    private const int SoonAgain = 12;
    private const int LaterAgain = 64;

    // Of each other mode, for a size of which as many requests came as lie between them; fewer where sizes near it were measured.
    private const int Free = 7;
    private const int FreeNear = 2;

    private readonly int[] _runs = new int[modes];
    private readonly Trial _trial = new();
    private WarmUp _warmUp;
    private int _sinceTrial;
    private int _turn;
    private int _free;
    private bool _isFree;
    private double _saved;

    /// <summary>The mode for a request that is alone.</summary>
    public int ForAlone(RequestTimes request, bool[] open)
    {
        lock (@lock)
        {
            ModeTimes size = request.Size;
            if (++size.Requests == SoonAgain)
                _free += (size.IsAssumed ? FreeNear : Free) * (modes - 1);
            int current = size.Current = size.Best(open, 0);
            if (_trial.Next(open) is { } tried)
                return tried;
            if (++_sinceTrial < SoonAgain || _runs[current] < RequestTimes.Unsettled || Other(request, open) is not { } other)
                return current;
            _sinceTrial = 0;
            bool isRepeated = other == _trial.Surprise;
            _isFree = isRepeated || _free > 0;
            if (!isRepeated)
                _free = Math.Max(0, _free - 1);
            _trial.Begin(other);
            return _trial.Next(open) ?? current;
        }
    }

    /// <summary>Adds what a request took that was alone from beginning to end.</summary>
    public void Add(RequestTimes request, int mode, double seconds)
    {
        lock (@lock)
        {
            bool isTrial = mode == _trial.Mode;
            int current = request.Size.Current;
            bool isCold = _warmUp.IsCold(isTrial ? mode : -1, seconds, current < 0 ? null : request.Usual(current, request.IsNew(current)));
            if (_runs[mode] < RequestTimes.Unsettled)
            {
                _runs[mode]++;
                request.Note(mode, null);
                return;
            }
            if (!isTrial)
                _saved += seconds * LostToTrials;
            else if (!_isFree)
                _saved -= Math.Max(0, Loss(request.Size, mode, seconds));
            bool isOver = isTrial && !isCold && Compare(request, mode, seconds) is { } ratio && _trial.Add(ratio < (mode < current ? ModeTimes.Worth : 1));
            request.Note(mode, isCold ? null : seconds);
            if (!isOver)
                return;
            _saved = Math.Min(_saved, 0);
            learned();
        }
    }

    // How many times as long it took as in the best mode; null where it ran in that, or there is nothing alike to compare it with.
    private static double? Compare(RequestTimes request, int mode, double seconds)
    {
        int current = request.Size.Current;
        bool isNew = request.IsNew(mode);
        if (mode == current || isNew != request.IsNew(current) || request.Usual(current, isNew) is not { } usual)
            return null;
        double ratio = seconds / usual;
        request.Size.Compare(mode, ratio);
        return ratio;
    }

    // The mode to try now: one that surprised although it was known, or in turn; null where it is not time yet.
    private int? Other(RequestTimes request, bool[] open)
    {
        if (_trial.Surprise is >= 0 and int again && again != request.Size.Current && request.Size.IsComplete(again) && Volatile.Read(ref open[again]))
            return again;
        for (int step = 1; step <= modes; step++)
        {
            int mode = (_turn + step) % modes;
            if (mode == request.Size.Current || !Volatile.Read(ref open[mode]))
                continue;
            if (!IsDue(request, mode))
                return null;
            _turn = mode;
            return mode;
        }
        return null;
    }

    private bool IsDue(RequestTimes request, int mode)
    {
        ModeTimes size = request.Size;
        if (_runs[mode] < RequestTimes.Unsettled || (_free > 0 && !size.IsComplete(mode)))
            return true;
        return _sinceTrial >= LaterAgain && _saved >= Expected(request, mode) * _trial.Requests;
    }

    // By what is known, how much longer such a request takes in a mode than in the best.
    private static double Expected(RequestTimes request, int mode)
    {
        ModeTimes size = request.Size;
        return ((size.Relative(mode) / size.Relative(size.Current)) - 1) * request.Usual(size.Current, request.IsNew(size.Current)) ?? 0;
    }

    // The same for one that took so long in that mode.
    private static double Loss(ModeTimes size, int mode, double seconds) => (1 - (size.Relative(size.Current) / size.Relative(mode))) * seconds ?? 0;
}
