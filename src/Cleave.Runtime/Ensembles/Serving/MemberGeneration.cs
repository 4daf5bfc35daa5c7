using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Logging;
using Cleave.Workers;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// A member's instances of one set of weights, and what waits for them. A request stays with those that it met: they end when they were replaced and their last request is over, so
/// that no request is answered by two sets of weights. Thread-safe.
/// </summary>
internal sealed class MemberGeneration
{
    private readonly MemberState _member;
    private readonly SystemOptions _options;
    private readonly TurnTable _turns;
    private readonly object _lock = new();
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // All there ever were, and those that are not lost.
    private readonly List<InstanceWorker> _all = [];
    private List<InstanceWorker> _workers = [];
    private Action<MemberSegment>? _again;
    // Requests, and one for being where requests go.
    private int _users = 1;

    public MemberGeneration(MemberState member, IReadOnlyList<IMemberInstance> instances, SystemOptions options, TurnTable turns)
    {
        _member = member;
        _options = options;
        _turns = turns;
        Add(instances);
    }

    public SegmentQueue Queue { get; } = new();

    /// <summary>Puts a segment back, to be tried again.</summary>
    public Action<MemberSegment> Again => _again ??= s => Queue.Put(s, again: true);

    /// <summary>The names of those that are not lost.</summary>
    public IReadOnlyList<string> Instances
    {
        get
        {
            lock (_lock)
                return [.. _workers.Select(static w => w.Instance.Name)];
        }
    }

    /// <summary>Starts the threads of all instances. Where one cannot be started, they end, and so does this.</summary>
    public void Start()
    {
        try
        {
            Start([.. _all]);
        }
        catch
        {
            Leave();
            EndedAsync(MemberState.Block).GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>A request came. While requests go here, or inside another one.</summary>
    public void Enter()
    {
        lock (_lock)
            _users++;
    }

    /// <summary>A request is over, or no further ones come here. After the last one the instances end: nothing waits any more.</summary>
    public void Leave()
    {
        using (new PatientLock(_lock))
        {
            if (--_users > 0)
                return;
        }
        Queue.Close();
        _left.SetResult();
    }

    /// <summary>Done when all instances are disposed.</summary>
    /// <param name="wait">Waits for one task; where it blocks until then, so does this.</param>
    public async Task EndedAsync(Func<Task, ValueTask> wait)
    {
        await wait(_left.Task).ConfigureAwait(false);
        Task[] ended;
        lock (_lock)
            ended = [.. _all.Select(static w => w.Ended)];
        foreach (Task worker in ended)
            await wait(worker).ConfigureAwait(false);
    }

    /// <summary>An instance is lost; what it had begun is not over yet.</summary>
    public void Lost(InstanceWorker worker, Exception why)
    {
        bool none;
        using (new PatientLock(_lock))
            none = _workers.Remove(worker) && _workers.Count == 0;
        worker.Stop();
        if (!none)
            return;
        if (!HasOthers(why))
            Queue.Abandon(_member.Named(why));
    }

    // This is the lost instance's thread: what it throws would end the process.
    private bool HasOthers(Exception why)
    {
        try
        {
            if (_options.Fallback?.Invoke(_member.Name, why) is not { Count: > 0 } others)
                return false;
            Start(Add(others));
            return true;
        }
        catch (Exception e)
        {
            Log.NoFallback(_options.Logger, _member.Name, e.Message, e);
            return false;
        }
    }

    private List<InstanceWorker> Add(IReadOnlyList<IMemberInstance> instances)
    {
        // Not the list itself: one of them may be lost while the others are started.
        List<InstanceWorker> added = [.. instances.Select(i => new InstanceWorker(_member, this, i, _options, _turns.Of(i)))];
        lock (_lock)
        {
            _all.AddRange(added);
            _workers = [.. added];
        }
        return added;
    }

    private static void Start(List<InstanceWorker> workers)
    {
        int started = 0;
        try
        {
            for (; started < workers.Count; started++)
                workers[started].Start();
        }
        catch
        {
            foreach (InstanceWorker worker in workers.Skip(started + 1))
                worker.GiveUp();
            throw;
        }
    }
}
