using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Emulator;

/// <summary>
/// Does what is queued on a device, when the profile says it is done: a thread that sleeps from one completion to the next, and whoever waits for one. Times are reckoned from one to the
/// next, not from when a thread woke, so lateness does not add up. Thread-safe.
/// </summary>
internal sealed class WorkClock : IDisposable
{
    private readonly object _lock = new();
    private readonly PriorityQueue<Work, (long Due, long Number)> _running = new();
    private readonly long[] _engineFree = new long[3];
    private readonly List<DeviceOperation> _log = [];
    private readonly PreciseWait _wait = new();
    private readonly BlockingCollection<Work> _toCompute = [];
    private readonly Thread _clock;
    private readonly Thread _compute;
    private long _number;
    private bool _ended;
    private Exception? _lost;

    public WorkClock(string device)
    {
        _clock = new Thread(Tick) { IsBackground = true, Name = device + " clock" };
        _compute = new Thread(Compute) { IsBackground = true, Name = device + " compute" };
        _clock.Start();
        _compute.Start();
    }

    /// <summary>How often the CPU took longer to compute than the device takes by its profile.</summary>
    public int Overruns { get; private set; }

    /// <summary>All that was done so far, by end.</summary>
    public DeviceOperation[] Log
    {
        get
        {
            lock (_lock)
                return [.. _log];
        }
    }

    /// <summary>Queues something.</summary>
    /// <param name="work">What.</param>
    /// <param name="after">What it comes after.</param>
    public void Queue(Work work, IEnumerable<Work> after)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            work.Ready = Stopwatch.GetTimestamp();
            foreach (Work before in after)
            {
                if (before.IsDone)
                {
                    Pass(before, work);
                    continue;
                }
                before.Followers.Add(work);
                work.Before.Add(before);
                work.Waiting++;
            }
            if (work.Waiting == 0)
                Start(work);
        }
        _wait.Wake();
    }

    /// <summary>Does what is due by now. Who waits for something calls it, too: then the clock's thread, which may not get a core while others wait for it, holds nobody up.</summary>
    public void Advance()
    {
        lock (_lock)
            CompleteDue();
    }

    /// <summary>When something will be done at the earliest, in stopwatch ticks; what is queued before it later is not in it.</summary>
    public long Earliest(Work work)
    {
        lock (_lock)
            return EarliestOf(work);
    }

    /// <summary>From now on everything fails.</summary>
    public void Lose(Exception why)
    {
        lock (_lock)
            _lost ??= why;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_ended)
                return;
            _ended = true;
        }
        _toCompute.CompleteAdding();
        _wait.Wake();
        _clock.Join();
        _compute.Join();
        _wait.Dispose();
        _toCompute.Dispose();
    }

    private void Start(Work work)
    {
        work.Start = work.Ready;
        if (_ended)
            work.Failure ??= new ObjectDisposedException("the device");
        if (work.Engine is { } engine && work.Failure is null)
        {
            work.Start = Math.Max(work.Ready, _engineFree[(int)engine]);
            work.Due = work.Start + work.Ticks;
            _engineFree[(int)engine] = work.Due;
        }
        else
        {
            work.Due = work.Ready;
        }
        _running.Enqueue(work, (work.Due, _number++));
        if (work.Computes && work.Failure is null)
            _toCompute.Add(work);
    }

    private void Tick()
    {
        PreciseWait.MakePunctual();
        while (true)
        {
            long next;
            lock (_lock)
            {
                CompleteDue();
                if (_ended && _running.Count == 0)
                    return;
                next = _running.TryPeek(out _, out (long Due, long Number) first) ? first.Due : long.MaxValue;
            }
            _wait.BlockUntil(next);
        }
    }

    private void CompleteDue()
    {
        while (_running.TryPeek(out Work? work, out (long Due, long Number) key) && key.Due <= Stopwatch.GetTimestamp())
        {
            _running.Dequeue();
            Complete(work);
        }
    }

    private long EarliestOf(Work work)
    {
        if (work.Waiting == 0)
            return work.Due;
        long ready = work.Ready;
        foreach (Work before in work.Before)
            ready = Math.Max(ready, EarliestOf(before));
        // Of something that the CPU still computes nobody knows it.
        return ready == long.MaxValue ? ready : work.Engine is { } engine ? Math.Max(ready, _engineFree[(int)engine]) + work.Ticks : ready;
    }

    private void Complete(Work work)
    {
        if (work.Computes && !work.IsComputed && work.Failure is null)
        {
            // The computing thread brings it back.
            Overruns++;
            work.Due = long.MaxValue;
            return;
        }
        work.Failure ??= _lost;
        if (work.Failure is null && !work.Computes)
            Attempt(work);
        if (work.Engine is { } engine && work.Failure is null)
            _log.Add(new DeviceOperation(engine, work.What, work.Bytes, work.Start, work.Due));
        work.Ended?.Invoke();
        work.Finish();
        foreach (Work follower in work.Followers)
        {
            Pass(work, follower);
            if (--follower.Waiting == 0)
                Start(follower);
        }
        work.Followers.Clear();
        work.Before.Clear();
    }

    private static void Attempt(Work work)
    {
        try
        {
            work.Effect?.Invoke();
        }
        catch (Exception e)
        {
            work.Failure = e;
        }
    }

    // What follows in a stream does not run on what was not made.
    private static void Pass(Work before, Work after)
    {
        after.Ready = Math.Max(after.Ready, before.Due);
        after.Failure ??= before.Failure;
    }

    private void Compute()
    {
        foreach (Work work in _toCompute.GetConsumingEnumerable())
        {
            Attempt(work);
            lock (_lock)
            {
                work.IsComputed = true;
                if (work.Due != long.MaxValue)
                    continue;
                work.Due = Stopwatch.GetTimestamp();
                _engineFree[(int)DeviceEngine.Compute] = Math.Max(_engineFree[(int)DeviceEngine.Compute], work.Due);
                _running.Enqueue(work, (work.Due, _number++));
            }
            _wait.Wake();
        }
    }
}
