using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Core.Diagnostics;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// The inference system of Pochelu et al. (arXiv 2208.14049, section 4) in one process: a request is cut into segments, each goes to the queue of every member, the
/// member's instances take segments from there, as many samples of one as they can have under way, run them in batches, and add what comes out to the request, whichever member
/// answers first. Thread-safe.
/// </summary>
internal sealed class EnsembleSystem
{
    private readonly string _name;
    private readonly SystemOptions _options;
    private readonly MemberState[] _members;
    private readonly SemaphoreSlim _room;
    private readonly RunGate _gate;

    /// <param name="name">The ensemble's name.</param>
    /// <param name="members">The members by name, each with at least one instance; they are disposed with this.</param>
    /// <param name="options">How it works.</param>
    public EnsembleSystem(string name, IReadOnlyList<(string Name, IReadOnlyList<IMemberInstance> Instances)> members, SystemOptions options)
    {
        if (members.Count == 0 || members.Any(static m => m.Instances.Count == 0))
            throw new ArgumentException("There must be a member, and an instance of each.", nameof(members));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SegmentSize, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MostSegments, 1, nameof(options));
        _name = name;
        _options = options;
        _gate = new RunGate(name);
        _room = new SemaphoreSlim(options.MostSegments);
        _members = Start(members);
    }

    /// <summary>Whose batch each device takes next.</summary>
    public TurnTable Turns { get; } = new();

    public IReadOnlyList<MemberSnapshot> Members => [.. _members.Select(static m => m.Snapshot())];

    /// <summary>Runs a request on the thread that made it, which waits until nothing of it is under way any more.</summary>
    /// <exception cref="CleaveException">A member failed (CLV4030), or there was no room and <see cref="SystemOptions.WhenFull"/> is to reject (CLV4012).</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run(EnsembleRequest request, CancellationToken token)
    {
        _gate.Enter();
        try
        {
            using CancellationTokenRegistration registration = token.UnsafeRegister(static (request, token) => ((EnsembleRequest)request!).Fail(new OperationCanceledException(token)), request);
            Hand(request, token);
            request.Await();
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>
    /// Starts other instances of a member, of other weights or on other devices. Requests that come from now on go there; those that were let in before are answered by the ones
    /// there were. The other members go on. Done when the old ones are disposed.
    /// </summary>
    /// <exception cref="ObjectDisposedException">It was disposed; so are the instances.</exception>
    public async Task ReplaceAsync(string member, IReadOnlyList<IMemberInstance> instances)
    {
        if (instances.Count == 0)
            throw new ArgumentException("A member needs an instance.", nameof(instances));
        MemberState state = Array.Find(_members, m => m.Name == member) ?? throw new ArgumentException("There is no member '" + member + "'.", nameof(member));
        if (!_gate.TryEnter())
        {
            foreach (IMemberInstance instance in instances)
                instance.Dispose();
            throw _gate.Disposed();
        }
        try
        {
            await state.Replace(instances).ConfigureAwait(false);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Lets no request in, and ends the threads when those inside are over. May be called more than once.</summary>
    /// <param name="wait">Waits for one task; where it blocks until then, so does this.</param>
    public async Task StopAsync(Func<Task, ValueTask> wait)
    {
        _gate.Close();
        await wait(_gate.Drained).ConfigureAwait(false);
        await EndAsync(_members, wait).ConfigureAwait(false);
    }

    /// <summary>Nobody holds it any more: its threads end once they have nothing to do, and dispose of their instances. Waits for nothing.</summary>
    public void Forget()
    {
        foreach (MemberState member in _members)
            member.Close();
    }

    private static async Task EndAsync(IReadOnlyList<MemberState> members, Func<Task, ValueTask> wait)
    {
        foreach (MemberState member in members)
            member.Close();
        foreach (MemberState member in members)
            await member.EndedAsync(wait).ConfigureAwait(false);
    }

    private MemberState[] Start(IReadOnlyList<(string Name, IReadOnlyList<IMemberInstance> Instances)> members)
    {
        List<MemberState> started = [];
        try
        {
            foreach ((string name, IReadOnlyList<IMemberInstance> instances) in members)
                started.Add(new MemberState(_name, name, instances, _options, Turns));
            return [.. started];
        }
        catch
        {
            // The one that failed has ended its own.
            foreach (IMemberInstance instance in members.Skip(started.Count + 1).SelectMany(static m => m.Instances))
                instance.Dispose();
            // Before their devices are freed; nothing runs in them.
            EndAsync(started, MemberState.Block).GetAwaiter().GetResult();
            throw;
        }
    }

    private void Hand(EnsembleRequest request, CancellationToken token)
    {
        try
        {
            request.Enter(_members);
            for (int at = 0; at < request.Samples && !request.IsLost; at += _options.SegmentSize)
            {
                if (!HasRoom(at))
                    _room.Wait(token);
                Put(request, at, Math.Min(at + _options.SegmentSize, request.Samples));
            }
        }
        catch (Exception e)
        {
            request.Fail(e);
        }
        request.Close();
    }

    // A request that was let in is not rejected half-way.
    private bool HasRoom(int at)
    {
        if (_room.Wait(0, CancellationToken.None))
            return true;
        return _options.WhenFull == FullQueue.Reject && at == 0
            ? throw new CleaveException(Rules.QueueFull, null, _name, _options.MostSegments.ToString(CultureInfo.InvariantCulture) + " segments of requests are under way", "EnsembleOptions.MostSegments")
            : false;
    }

    private void Put(EnsembleRequest request, int start, int end)
    {
        request.Open(_members.Length);
        SegmentPlace place = new(_room, _members.Length);
        for (int m = 0; m < _members.Length; m++)
        {
            MemberGeneration generation = request.Generation(m);
            generation.Queue.Put(new MemberSegment(request, start, end, generation.Again, place));
        }
    }
}
