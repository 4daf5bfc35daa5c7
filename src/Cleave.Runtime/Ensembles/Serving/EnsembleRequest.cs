using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// A request to the inference system: samples that every member is to see, and what becomes of the outputs. It is over when nothing reads or writes its memory any
/// more, also where it failed or was cancelled. Thread-safe.
/// </summary>
internal abstract class EnsembleRequest(int samples)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    // Segments of members that are not over, and one for whoever hands them out.
    private int _open = 1;
    // By member, who answers it.
    private MemberGeneration?[] _generations = [];

    public int Samples => samples;

    /// <summary>Done when it is over; failed or cancelled where it was.</summary>
    public Task Done => _done.Task;

    /// <summary>Whether what is left of it need not be done.</summary>
    public bool IsLost => Volatile.Read(ref _failure) != null;

    /// <summary>Chooses who answers it of each member, from now until it is over: a member that is reloaded meanwhile answers all of it with the weights that it has now.</summary>
    public void Enter(MemberState[] members)
    {
        _generations = new MemberGeneration?[members.Length];
        for (int m = 0; m < members.Length; m++)
            _generations[m] = Enter(m, members[m]);
    }

    /// <summary>Who answers it of a member.</summary>
    public MemberGeneration Generation(int member) => _generations[member]!;

    /// <summary>Chooses who answers it of the member in that place.</summary>
    protected virtual MemberGeneration Enter(int place, MemberState member) => member.Enter();

    /// <summary>It needs them no more.</summary>
    protected virtual void Leave()
    {
        foreach (MemberGeneration? generation in _generations)
            generation?.Leave();
    }

    /// <summary>Called once, before <see cref="Done"/>, where all members have answered for all samples.</summary>
    protected virtual void Finish()
    {
    }

    /// <summary>The first failure, in time, is the request's.</summary>
    public void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    /// <summary>Notes that more segments are under way.</summary>
    public void Open(int segments) => Interlocked.Add(ref _open, segments);

    /// <summary>Notes that one is over, or that all were handed out.</summary>
    public void Close()
    {
        if (Interlocked.Decrement(ref _open) != 0)
            return;
        try
        {
            if (_failure is null)
                Finish();
        }
        catch (Exception e)
        {
            _failure = e;
        }
        Leave();
        if (_failure is OperationCanceledException cancelled)
            _done.TrySetCanceled(cancelled.CancellationToken);
        else if (_failure is { } failure)
            _done.TrySetException(failure);
        else
            _done.TrySetResult();
    }

    /// <summary>Blocks this thread until it is over, whoever interrupts it: the others use its memory.</summary>
    public void Await()
    {
        while (!Done.IsCompleted)
        {
            try
            {
                Task.WaitAny([Done]);
            }
            catch (ThreadInterruptedException e)
            {
                Fail(e);
            }
        }
        Done.GetAwaiter().GetResult();
    }

    /// <summary>A member's failure, with its name.</summary>
    public static CleaveException Named(string ensemble, string member, Exception failure) => new(Rules.EnsembleMemberFailed, failure, ensemble, member, failure.Message);
}
