using System;
using Cleave.Workers;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// Samples of a request that one member is to see, in batches, in order. Where that fails it may be tried again, by whichever instance takes it next, from the first batch
/// on that was not added yet: none is added twice. Batches of an earlier try that are still under way are dropped. It is over, or put back, once nothing of it is
/// under way.
/// </summary>
internal sealed class MemberSegment
{
    private readonly object _lock = new();
    private readonly SegmentPlace _place;
    private readonly Action<MemberSegment> _again;
    private int _added;
    private int _try;
    private int _holders;
    private Outcome _outcome;

    /// <param name="request">The request.</param>
    /// <param name="start">The first sample.</param>
    /// <param name="end">Behind the last.</param>
    /// <param name="again">Puts it back, to be tried again.</param>
    /// <param name="place">Told once, when it is over.</param>
    public MemberSegment(EnsembleRequest request, int start, int end, Action<MemberSegment> again, SegmentPlace place)
    {
        Request = request;
        End = end;
        _added = start;
        _again = again;
        _place = place;
    }

    private enum Outcome
    {
        None,
        Over,
        Again,
    }

    public EnsembleRequest Request { get; }

    /// <summary>Behind the last sample.</summary>
    public int End { get; private set; }

    /// <summary>Samples that were not added yet.</summary>
    public int Left
    {
        get
        {
            using (new PatientLock(_lock))
                return End - _added;
        }
    }

    /// <summary>
    /// Leaves so many samples in this one, and gives the rest as one of its own, for other instances: a slow one does not keep what others could do meanwhile. Null where there
    /// is no rest. Nothing of it is under way.
    /// </summary>
    public MemberSegment? Split(int most)
    {
        using (new PatientLock(_lock))
        {
            if (End - _added <= most)
                return null;
            Request.Open(1);
            _place.More();
            MemberSegment rest = new(Request, _added + most, End, _again, _place) { _try = _try };
            End = _added + most;
            return rest;
        }
    }

    /// <summary>Begins a try, and holds it: which one, and from which sample on.</summary>
    public (int Try, int From) Begin()
    {
        using (new PatientLock(_lock))
        {
            _holders++;
            return (_try, _added);
        }
    }

    /// <summary>Something of it is under way.</summary>
    public void Hold()
    {
        using (new PatientLock(_lock))
            _holders++;
    }

    /// <summary>It is so no more.</summary>
    public void Release()
    {
        Outcome outcome;
        using (new PatientLock(_lock))
        {
            if (--_holders > 0 || _outcome == Outcome.None)
                return;
            outcome = _outcome;
            _outcome = Outcome.None;
        }
        if (outcome == Outcome.Again)
            _again(this);
        else
            Leave();
    }

    /// <summary>Whether batches of a try are still wanted.</summary>
    public bool IsWanted(int tried)
    {
        using (new PatientLock(_lock))
            return _try == tried && !Request.IsLost;
    }

    /// <summary>Adds a batch, unless its try is over. What fails here cannot be tried again: half of it may have been added.</summary>
    public void Add(int tried, int count, Action add)
    {
        using (new PatientLock(_lock))
        {
            if (_try != tried)
                return;
            if (!Request.IsLost)
                Try(add);
            _added += count;
            if (_added >= End || Request.IsLost)
                Settle(Outcome.Over);
        }
    }

    /// <summary>A try failed. False where it was over.</summary>
    /// <param name="tried">Which.</param>
    /// <param name="retries">How often it may be tried again in all.</param>
    /// <param name="again">Whether it will be.</param>
    public bool Fails(int tried, int retries, out bool again)
    {
        using (new PatientLock(_lock))
        {
            again = _try == tried && _try < retries && !Request.IsLost;
            if (_try != tried)
                return false;
            Settle(again ? Outcome.Again : Outcome.Over);
            return true;
        }
    }

    /// <summary>Ends a try whose request is lost, unless it is over.</summary>
    public void GiveUp(int tried)
    {
        using (new PatientLock(_lock))
        {
            if (_try == tried)
                Settle(Outcome.Over);
        }
    }

    /// <summary>It is over.</summary>
    public void Leave()
    {
        _place.Over();
        Request.Close();
    }

    private void Settle(Outcome outcome)
    {
        _try++;
        _outcome = outcome;
    }

    private void Try(Action add)
    {
        try
        {
            add();
        }
        catch (Exception e)
        {
            Request.Fail(e);
        }
    }
}
