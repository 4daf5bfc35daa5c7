using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Workers;

namespace Cleave.Ensembles.Serving;

/// <summary>What a member has to do: first come, first served by all its instances, so the faster ones take more. Thread-safe.</summary>
internal sealed class SegmentQueue
{
    private readonly object _lock = new();
    private readonly LinkedList<MemberSegment> _segments = new();
    private Exception? _abandoned;
    private int _samples;
    private bool _closed;
    private bool _isLast;

    public int Waiting
    {
        get
        {
            lock (_lock)
                return _segments.Count;
        }
    }

    /// <summary>The samples that wait.</summary>
    public int Samples => Volatile.Read(ref _samples);

    /// <summary>How urgent it is where members take turns: by what waits, and before all others where no more requests come here.</summary>
    public int Urgency => Volatile.Read(ref _isLast) ? int.MaxValue : Samples;

    /// <summary>No more requests come here, and a reload waits for those that are left.</summary>
    public void Hurry() => Volatile.Write(ref _isLast, true);

    /// <summary>Puts a segment at the end; one that is to be tried again, at the front. Where no instance is left, it fails.</summary>
    public void Put(MemberSegment segment, bool again = false)
    {
        Exception? abandoned;
        using (new PatientLock(_lock))
        {
            abandoned = _abandoned;
            if (abandoned is null)
            {
                if (again)
                    _segments.AddFirst(segment);
                else
                    _segments.AddLast(segment);
                _samples += segment.Left;
                Monitor.Pulse(_lock);
            }
        }
        if (abandoned is not null)
            Fail(segment, abandoned);
    }

    /// <summary>The next segment; null where the queue was closed and is empty, or this thread is to stop.</summary>
    /// <param name="stops">Whether it is.</param>
    /// <param name="most">The most samples that it wants: of a larger segment the rest stays.</param>
    public MemberSegment? Take(Func<bool> stops, int most)
    {
        lock (_lock)
        {
            while (true)
            {
                if (stops())
                {
                    // The wake-up may have been another's.
                    Monitor.Pulse(_lock);
                    return null;
                }
                if (First(most) is { } first)
                    return first;
                if (_closed)
                    return null;
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>The next segment, as <see cref="Take"/> gives it; null where there is none now.</summary>
    public MemberSegment? TryTake(int most)
    {
        using (new PatientLock(_lock))
            return First(most);
    }

    /// <summary>Waits until there is a segment, for whoever may take it then. False where there never will be one, or this thread is to stop.</summary>
    public bool Await(Func<bool> stops)
    {
        lock (_lock)
        {
            while (true)
            {
                bool stop = stops();
                if (stop || _segments.Count > 0)
                {
                    // This thread does not take it yet, and another may be quicker.
                    Monitor.Pulse(_lock);
                    return !stop;
                }
                if (_closed)
                    return false;
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>Has every thread that waits look again.</summary>
    public void WakeAll()
    {
        using (new PatientLock(_lock))
            Monitor.PulseAll(_lock);
    }

    /// <summary>Nothing more comes.</summary>
    public void Close()
    {
        using (new PatientLock(_lock))
        {
            _closed = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>No instance is left: what waits fails, and what comes.</summary>
    public void Abandon(Exception why)
    {
        List<MemberSegment> waiting;
        using (new PatientLock(_lock))
        {
            _abandoned = why;
            waiting = [.. _segments];
            _segments.Clear();
            _samples = 0;
        }
        foreach (MemberSegment segment in waiting)
            Fail(segment, why);
    }

    private MemberSegment? First(int most)
    {
        if (_segments.First is not { } first)
            return null;
        _segments.RemoveFirst();
        if (first.Value.Split(most) is { } rest)
        {
            _segments.AddFirst(rest);
            Monitor.Pulse(_lock);
        }
        _samples -= first.Value.Left;
        return first.Value;
    }

    private static void Fail(MemberSegment segment, Exception why)
    {
        segment.Request.Fail(why);
        segment.Leave();
    }
}
