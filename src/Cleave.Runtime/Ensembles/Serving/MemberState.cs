using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Ensembles.Serving;

/// <summary>A member in the inference system: who answers for it, and how that went. Thread-safe.</summary>
internal sealed class MemberState
{
    private readonly string _ensemble;
    private readonly SystemOptions _options;
    private readonly TurnTable _turns;
    private readonly object _lock = new();
    // Those of earlier weights whose requests are not over.
    private readonly List<MemberGeneration> _leaving = [];
    private readonly MemberCounts _counts;
    private MemberGeneration _now;
    private int _closed;

    public MemberState(string ensemble, string name, IReadOnlyList<IMemberInstance> instances, SystemOptions options, TurnTable turns)
    {
        _ensemble = ensemble;
        _options = options;
        _turns = turns;
        Name = name;
        _counts = options.Counts?.Invoke(name) ?? new MemberCounts();
        _now = new MemberGeneration(this, instances, options, turns);
        _now.Start();
    }

    public string Name { get; }

    public MemberSnapshot Snapshot()
    {
        lock (_lock)
            return new MemberSnapshot(Name, _counts, _now.Instances, _now.Queue.Waiting + _leaving.Sum(static g => g.Queue.Waiting));
    }

    /// <summary>Who answers a request that is let in now; it leaves them when it is over.</summary>
    public MemberGeneration Enter()
    {
        lock (_lock)
        {
            _now.Enter();
            return _now;
        }
    }

    /// <summary>Starts instances for the requests to come. Done when those there were are disposed, whose requests are over.</summary>
    public async Task Replace(IReadOnlyList<IMemberInstance> instances)
    {
        MemberGeneration old, next = new(this, instances, _options, _turns);
        // First: requests that come to it must find its threads.
        next.Start();
        lock (_lock)
        {
            old = _now;
            _now = next;
            _leaving.Add(old);
        }
        old.Queue.Hurry();
        old.Leave();
        await old.EndedAsync(static task => new ValueTask(task)).ConfigureAwait(false);
        lock (_lock)
            _leaving.Remove(old);
    }

    public void Answered() => _counts.Answered();

    public void Failed(Exception failure) => _counts.Failed(failure);

    public CleaveException Named(Exception failure) => failure as CleaveException is { Id: "CLV4030" } named ? named : EnsembleRequest.Named(_ensemble, Name, failure);

    /// <summary>No request comes any more. May be called more than once.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            _now.Leave();
    }

    /// <summary>Done when it was closed and all instances are disposed.</summary>
    /// <param name="wait">Waits for one task; where it blocks until then, so does this.</param>
    public Task EndedAsync(Func<Task, ValueTask> wait) => _now.EndedAsync(wait);

    /// <summary>Waits for a task on this thread, and for no other thread.</summary>
    public static ValueTask Block(Task task)
    {
        task.GetAwaiter().GetResult();
        return ValueTask.CompletedTask;
    }
}
