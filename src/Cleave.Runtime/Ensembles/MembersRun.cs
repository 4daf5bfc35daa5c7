using System;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Generated;
using Cleave.Workers;

namespace Cleave.Ensembles;

/// <summary>Runs the members of a request that is not cut at once, and combines what each gives as soon as it has run, on the thread that ran it.</summary>
/// <param name="engine">The ensemble.</param>
/// <param name="dims">The request's dimensions.</param>
/// <param name="members">The buffers of each member.</param>
/// <param name="stages">What their outputs become.</param>
internal sealed class MembersRun(EnsembleEngine engine, int[] dims, CallBuffers[] members, CombinedStage[] stages) : SharedRun(engine.Workers)
{
    // The others are in their last members, and this thread's core is its own: waking it would take longer than most of them.
    private static readonly long Spin = Environment.ProcessorCount > 1 ? EnsembleEngine.SpinLimit : 0;

    // Who runs which member, those that took longest first.
    private readonly MemberClaims _claims = new(engine.Homes);
    private readonly HelpChoice _help = new(engine.Times.Of(dims));

    /// <summary>Whether the last run changed what memory the members hold. To look through all of them at each request took a microsecond: half of them lie in the other core's caches.</summary>
    public bool ChangedMemory { get; private set; } = true;

    /// <summary>Runs all members. The first failure, in time, is thrown.</summary>
    public void Run(CancellationToken token)
    {
        ChangedMemory = false;
        Sort();
        int helpers = _help.Begin(engine.Helpers, engine.MemberSeconds, engine.Gate.Inside == 1 && engine.Ledger.InFlight == 0);
        long start = _help.IsCompared ? engine.Ledger.Now : 0;
        Run(members.Length, helpers, Spin, token);
        if (_help.IsCompared && engine.Gate.Inside == 1)
            _help.End(engine.Ledger.Seconds(start, engine.Ledger.Now));
    }

    protected override void Offer() => _claims.Open();

    protected override int TakeParts()
    {
        int thread = Environment.CurrentManagedThreadId;
        // For as long as this thread has members of one core, whichever they are.
        EnteredCore core = new(engine.Ledger);
        int taken = 0;
        for (int next = _claims.Take(thread); next >= 0; next = _claims.Take(thread), taken++)
        {
            try
            {
                if (IsWanted())
                    RunMember(next, ref core);
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
        // Before the request is over: the next one must not meet this one's cores.
        try
        {
            core.Leave();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        return taken;
    }

    private void RunMember(int member, ref EnteredCore core)
    {
        MemberModel model = engine.Members[member];
        if (!members[member].IsSettled)
            ChangedMemory = true;
        try
        {
            model.Run(members[member], ref core, Token);
            model.Counts.Answered();
        }
        catch (Exception e) when (e is not OperationCanceledException and not ArgumentException)
        {
            model.Counts.Failed(e);
            throw new CleaveException(Rules.EnsembleMemberFailed, e, engine.Name, model.Name, e.Message);
        }
        foreach (CombinedStage stage in stages)
            stage.Add(member);
    }

    // Few, and nearly sorted already.
    private void Sort()
    {
        MemberModel[] models = engine.Members;
        int[] order = _claims.Order;
        for (int i = 1; i < order.Length; i++)
        {
            int member = order[i];
            int at = i;
            for (; at > 0 && models[order[at - 1]].Seconds < models[member].Seconds; at--)
                order[at] = order[at - 1];
            order[at] = member;
        }
    }
}
