using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Workers;

namespace Cleave.Batching;

/// <summary>
/// The requests of one runner that wait for a core. As many run at once as the runner has cores; whoever becomes free takes what waits, of equal dimensions but for
/// the batch, up to the largest batch (natural batching: nobody waits for a batch to fill up, but where a delay was asked for). Thread-safe.
/// </summary>
/// <param name="model">For messages: where the model came from.</param>
/// <param name="run">Runs what was taken.</param>
/// <param name="options">What the application asked for.</param>
/// <param name="workers">Where a thread of the runner comes from.</param>
/// <param name="most">How many run at once; at least one. That may change: asked each time.</param>
internal sealed class BatchQueue(string model, BatchRun run, BatchingOptions options, WorkerPool workers, Func<int> most) : IWorkItem
{
    // After a batch, so small a part of its time without a request ends the wait for those that come again.
    private const int LongestPause = 16;

    private readonly object _lock = new();
    private readonly LinkedList<BatchRequest> _waiting = new();
    // Threads that run something, or are about to; and of them those that have not taken anything yet.
    private int _running;
    private int _starting;
    // Threads that wait for room.
    private int _outside;
    // How often this is among the workers' items.
    private int _called;
    private volatile bool _hurries;

    /// <summary>How long nobody comes until a thread does not wait any more for those who just got their answers. Null: a sixteenth of what the batch took; tests set it.</summary>
    internal TimeSpan? Pause { get; set; }

    /// <summary>How many wait in the queue, or for a place in it.</summary>
    public int WaitingInAll
    {
        get
        {
            lock (_lock)
                return _waiting.Count + _outside;
        }
    }

    /// <summary>How many wait in the queue.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>How many threads run something, or are about to.</summary>
    public int Running
    {
        get
        {
            lock (_lock)
                return _running;
        }
    }

    /// <summary>How many threads wait for room.</summary>
    public int Outside
    {
        get
        {
            lock (_lock)
                return _outside;
        }
    }

    /// <summary>A request passes by: there is a core for it, and nobody waits. Then it is to <see cref="Leave"/>.</summary>
    public bool TryPass()
    {
        lock (_lock)
        {
            if (_running >= most() || _waiting.Count > 0 || HasDelay)
                return false;
            _running++;
            return true;
        }
    }

    /// <summary>A request comes in. True: its own thread is to <see cref="Lead"/> at once.</summary>
    /// <exception cref="CleaveException">The queue is full.</exception>
    public bool Join(BatchRequest request)
    {
        try
        {
            lock (_lock)
                return Enter(request);
        }
        catch
        {
            // Full, or no thread could be started, or this one was interrupted.
            request.TryGiveUp();
            throw;
        }
    }

    /// <summary>Runs a request on its own thread, and what waits with it.</summary>
    public void Lead(BatchRequest leader)
    {
        BatchRequest[]? batch = null;
        try
        {
            batch = Take(leader, isStarting: true);
        }
        catch (Exception e)
        {
            // Interrupted while it waited for the batch to fill up.
            leader.End(e);
        }
        if (batch != null)
            run.Run(batch);
        Leave();
    }

    /// <summary>A thread of the runner runs what waits, until nothing does, or others wait for the thread.</summary>
    public void Execute()
    {
        Interlocked.Decrement(ref _called);
        RunWaiting(isStarting: true);
    }

    /// <summary>A core is free again.</summary>
    public void Leave()
    {
        // Where no thread can be started, this one does it.
        if (!TryFree())
            RunWaiting(isStarting: false);
    }

    /// <summary>A request was cancelled.</summary>
    public void Remove(BatchRequest request)
    {
        using (new PatientLock(_lock))
        {
            if (request.Node.List != null)
                _waiting.Remove(request.Node);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>From now on nobody waits for a batch to fill up: the runner is being disposed.</summary>
    public void Hurry()
    {
        lock (_lock)
        {
            _hurries = true;
            Monitor.PulseAll(_lock);
        }
    }

    private void RunWaiting(bool isStarting)
    {
        BatchRequest[]? batch = Take(null, isStarting);
        while (batch != null)
        {
            long start = Stopwatch.GetTimestamp();
            run.Run(batch);
            if (batch.Length > 1)
                AwaitReturns(batch.Length, Stopwatch.GetTimestamp() - start);
            // First come, first served, also between those that wait here and those that wait for a thread: what is left here comes after them.
            if ((OthersWait || Running > most()) && TryFree())
                return;
            batch = Take(null, isStarting: false);
        }
    }

    // The core goes to the first that waits. False where that takes a thread, and there is none: then this one keeps it.
    private bool TryFree()
    {
        using (new PatientLock(_lock))
        {
            _running--;
            if (TryStartNext())
                return true;
            _running++;
            return false;
        }
    }

    // Large requests, and jobs.
    private bool OthersWait => workers.HeldUp > Volatile.Read(ref _called);

    // Clients that got their answers together ask again together, one after the other: the first alone would be a batch, and all others would wait for it. So this
    // thread lets them come, as long as they do. After a lone request nobody waits for others.
    private void AwaitReturns(int answered, long took)
    {
        long pause = Pause is { } given ? (long)(given.TotalSeconds * Stopwatch.Frequency) : took / LongestPause, last = Stopwatch.GetTimestamp();
        // Read without the lock: a number of a moment ago does.
        int waiting = _waiting.Count;
        while (waiting < answered && !_hurries && !OthersWait && Stopwatch.GetTimestamp() - last < pause)
        {
            Thread.Yield();
            int now = _waiting.Count;
            if (now > waiting)
                last = Stopwatch.GetTimestamp();
            waiting = now;
        }
    }

    private bool HasDelay => options.Delay > TimeSpan.Zero;

    // Where a batch is to fill up, one does at a time.
    private bool MayStart => _running < most() && !(HasDelay && _starting > 0);

    private bool Enter(BatchRequest request)
    {
        request.Since = request.Queued = Stopwatch.GetTimestamp();
        if (AwaitRoom(request))
            request.Queued = Stopwatch.GetTimestamp();
        if (request.IsEnded)
            return false;
        // Where cores came, others may wait although one is free: they come first.
        bool starts = MayStart, isFirst = _waiting.Count == 0;
        if (starts && isFirst && request.HasThread)
            return TryLead(request);
        _waiting.AddLast(request.Node);
        if (starts && isFirst)
            StartWorker();
        else if (starts)
            return StartFirst(request);
        else if (HasDelay)
            Monitor.PulseAll(_lock);
        return false;
    }

    // Where no thread can be started for the first that waits, and none runs that would come back to it, nobody else would say so. True: the latest leads.
    private bool StartFirst(BatchRequest latest)
    {
        if (TryStartNext() || _running > 0 || latest.Node.List == null)
            return false;
        if (!latest.HasThread)
        {
            StartWorker();
            return false;
        }
        _waiting.Remove(latest.Node);
        return TryLead(latest);
    }

    // False where there was room.
    private bool AwaitRoom(BatchRequest request)
    {
        if (_waiting.Count < options.MaxWaiting)
            return false;
        if (options.WhenFull == FullQueue.Reject)
            throw new CleaveException(Rules.QueueFull, null, model, options.MaxWaiting.ToString(CultureInfo.InvariantCulture) + " wait", "Batching.MaxWaiting");
        _outside++;
        try
        {
            while (_waiting.Count >= options.MaxWaiting && !request.IsEnded)
                Monitor.Wait(_lock);
        }
        finally
        {
            _outside--;
        }
        return true;
    }

    // Gives a core that is free to the first that waits. False where that takes a thread, and there is none.
    private bool TryStartNext()
    {
        while (MayStart && _waiting.First is { Value: { } first })
        {
            if (!first.HasThread)
            {
                try
                {
                    StartWorker();
                    return true;
                }
                catch (Exception)
                {
                    return false;
                }
            }
            _waiting.RemoveFirst();
            if (TryLead(first))
                return true;
        }
        return true;
    }

    // More wait than threads begin although there are cores, where cores came: more threads begin, and share what waits.
    private void StartMore(BatchRequest? leader)
    {
        while (_waiting.Count + (leader is null ? 0 : 1) > _starting && MayStart && TryStartNext())
        {
            // One more begins.
        }
    }

    // False where it was cancelled.
    private bool TryLead(BatchRequest request)
    {
        if (!request.TryLead())
            return false;
        _running++;
        _starting++;
        return true;
    }

    // Under the lock: what waits is inside the runner's gate, so that the pool is not stopped.
    private void StartWorker()
    {
        Interlocked.Increment(ref _called);
        try
        {
            workers.Enqueue(this);
        }
        catch
        {
            Interlocked.Decrement(ref _called);
            throw;
        }
        _running++;
        _starting++;
    }

    // The core goes to what is taken; where nothing is, it is free.
    private BatchRequest[]? Take(BatchRequest? leader, bool isStarting)
    {
        using (new PatientLock(_lock))
        {
            if (!isStarting)
                _starting++;
            try
            {
                StartMore(leader);
                Collect(leader);
                List<BatchRequest> batch;
                do
                {
                    batch = Fitting(leader, Share(leader), out _);
                    batch.RemoveAll(request => request != leader && !TryTake(request));
                }
                while (batch.Count == 0 && _waiting.Count > 0);
                if (_outside > 0)
                    Monitor.PulseAll(_lock);
                if (batch.Count > 0)
                    return Counted([.. batch]);
                _running--;
                return null;
            }
            catch when (leader is null)
            {
                // The thread was interrupted, or memory ran out: it does not come back to this.
                _running--;
                TryStartNext();
                throw;
            }
            finally
            {
                _starting--;
                // Where one waited for its batch to fill up, others may wait although there are cores.
                if (HasDelay)
                    TryStartNext();
            }
        }
    }

    private BatchRequest[] Counted(BatchRequest[] batch)
    {
        long now = Stopwatch.GetTimestamp(), waited = 0;
        foreach (BatchRequest request in batch)
            waited += now - request.Since;
        run.Counts.Taken(batch.Length, waited);
        return batch;
    }

    private bool TryTake(BatchRequest request)
    {
        _waiting.Remove(request.Node);
        return request.TryTake();
    }

    // Those who are on their way get their share.
    private int Share(BatchRequest? leader) => HasDelay ? int.MaxValue : (_waiting.Count + (leader is null ? 0 : 1) + _starting - 1) / _starting;

    // The first, or the leader, and those in order that fit to it; full: no more would.
    private List<BatchRequest> Fitting(BatchRequest? leader, int share, out bool isFull)
    {
        List<BatchRequest> batch = [];
        int samples = 0, largest = 0;
        isFull = false;
        if (leader != null)
            Add(leader);
        // One that was cancelled runs for nobody else.
        if (leader is { Cancellation.IsCancellationRequested: true })
            return batch;
        for (LinkedListNode<BatchRequest>? node = _waiting.First; node != null && batch.Count < share && !isFull; node = node.Next)
        {
            BatchRequest request = node.Value;
            if (batch.Count > 0 && !run.AreAlike(batch[0], request))
                continue;
            isFull = batch.Count > 0 && samples + request.Samples > largest;
            if (!isFull)
                Add(request);
        }
        isFull |= samples >= largest;
        return batch;

        void Add(BatchRequest request)
        {
            if (batch.Count == 0)
                largest = run.Largest(request);
            batch.Add(request);
            samples += request.Samples;
        }
    }

    // Only where a delay was asked for: waits for more, counted from when the first got its place.
    private void Collect(BatchRequest? leader)
    {
        while (HasDelay && !_hurries && Fitting(leader, int.MaxValue, out bool isFull) is [var first, ..] && !isFull && !first.Cancellation.IsCancellationRequested
            && options.Delay - Stopwatch.GetElapsedTime(first.Queued) is { Ticks: > 0 } left)
        {
            Monitor.Wait(_lock, left);
        }
    }
}
