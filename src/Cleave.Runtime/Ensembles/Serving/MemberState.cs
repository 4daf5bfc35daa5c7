using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Ensembles.Serving;

/// <summary>What is known of a member, for people.</summary>
/// <param name="Name">The member.</param>
/// <param name="Instances">Its instances.</param>
/// <param name="Waiting">Segments that wait.</param>
/// <param name="Batches">Batches answered.</param>
/// <param name="Failures">Batches that failed.</param>
/// <param name="InARow">Those since the last that was answered.</param>
/// <param name="Last">What the last one said; null: none failed.</param>
internal sealed record MemberSnapshot(string Name, IReadOnlyList<string> Instances, int Waiting, long Batches, long Failures, long InARow, string? Last);

/// <summary>A member in the inference system: its queue and its instances. Thread-safe.</summary>
internal sealed class MemberState(string ensemble, string name, SystemOptions options, TurnTable turns)
{
    private readonly object _lock = new();
    private List<InstanceWorker> _workers = [];
    private long _answered;
    private long _failures;
    private long _inARow;
    private Exception? _last;
    private Action<MemberSegment>? _again;

    public string Name => name;

    public SegmentQueue Queue { get; } = new();

    /// <summary>Batches that failed since the last that was answered.</summary>
    public long InARow => Interlocked.Read(ref _inARow);

    /// <summary>Puts a segment back, to be tried again.</summary>
    public Action<MemberSegment> Again => _again ??= s => Queue.Put(s, again: true);

    public MemberSnapshot Snapshot()
    {
        lock (_lock)
        {
            return new MemberSnapshot(
                name, [.. _workers.Select(static w => w.Instance.Name)], Queue.Waiting, Interlocked.Read(ref _answered), Interlocked.Read(ref _failures), Interlocked.Read(ref _inARow), _last?.Message);
        }
    }

    /// <summary>Starts instances in the place of those there are, which end with what they have begun. Done when these are disposed.</summary>
    public Task Replace(IReadOnlyList<IMemberInstance> instances)
    {
        List<InstanceWorker> old;
        // Not the list itself: one of them may be lost while the others are started.
        InstanceWorker[] next = [.. instances.Select(i => new InstanceWorker(this, i, options, turns.Of(i)))];
        lock (_lock)
        {
            old = _workers;
            _workers = [.. next];
            Queue.Resume();
        }
        foreach (InstanceWorker worker in next)
            worker.Start();
        foreach (InstanceWorker worker in old)
            worker.Stop();
        return Task.WhenAll(old.Select(static w => w.Ended));
    }

    /// <summary>An instance is lost.</summary>
    public void Lost(InstanceWorker worker, Exception why)
    {
        bool none;
        lock (_lock)
            none = _workers.Remove(worker) && _workers.Count == 0;
        worker.Stop();
        if (!none)
            return;
        if (options.Fallback?.Invoke(name, why) is { Count: > 0 } others)
            Replace(others);
        else
            Queue.Abandon(Named(why));
    }

    public void Answered()
    {
        Interlocked.Increment(ref _answered);
        Interlocked.Exchange(ref _inARow, 0);
    }

    public void Failed(Exception failure)
    {
        Interlocked.Increment(ref _failures);
        Interlocked.Increment(ref _inARow);
        Volatile.Write(ref _last, failure);
    }

    public CleaveException Named(Exception failure) => failure as CleaveException is { Id: "CLV4030" } named ? named : EnsembleJob.Named(ensemble, name, failure);

    /// <summary>Nothing more comes. Done when all instances are disposed.</summary>
    public Task Close()
    {
        Queue.Close();
        lock (_lock)
            return Task.WhenAll(_workers.Select(static w => w.Ended));
    }
}
