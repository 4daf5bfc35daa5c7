using System;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Workers;

namespace Cleave.Ensembles;

/// <summary>
/// One request to an ensemble: its inputs, which the members read where they lie, the members' outputs, and what is made of them. The request's thread takes a member,
/// threads of the ensemble take others, and each takes what is left until none is: so nobody waits for a thread that does not come. What a member gives is
/// combined at once by the thread that ran it. After a failure, or once it is cancelled, no further member is begun.
/// </summary>
internal sealed class EnsembleCall : RequestBuffers, IWorkItem
{
    private readonly EnsembleEngine _engine;
    private readonly CallBuffers[] _members;
    private readonly CombinedStage[] _stages;
    // Where it is cut; then the members have no buffers for all of it.
    private readonly SegmentedCall? _segments;
    // Who runs which member, those that took longest first.
    private readonly MemberClaims _claims;
    private readonly HelpChoice _help;
    private readonly ManualResetEventSlim _over = new(false);
    private CancellationToken _token;
    private Exception? _failure;
    private int _open;
    private int _generation;
    private bool _hasResult;

    public EnsembleCall(EnsembleEngine engine, int[] dims)
    {
        _engine = engine;
        Dims = dims;
        Value[] inputs = engine.Definition.Inputs;
        int[] lengths = new int[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            lengths[i] = engine.Shapes.InputLength(i, dims);
        Inputs = new InputSlot[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            Inputs[i] = inputs[i].Element.NewInput(inputs[i].Name, engine.Shapes.InputShape(i, dims), lengths[i]);
        bool isCut = engine.Serving is { } serving && serving.Cuts(Inputs);
        _members = isCut ? [] : Array.ConvertAll(engine.Members, m => m.NewBuffers(Inputs));
        _stages = Array.ConvertAll(engine.Definition.Outputs, o => new CombinedStage(engine, o, isCut ? null : _members));
        if (isCut)
            _segments = new SegmentedCall(engine.Serving!, Inputs, _stages);
        Outputs = Array.ConvertAll(_stages, s => s.Result);
        foreach (OutputSlot output in Outputs)
            output.Owner = this;
        _claims = new MemberClaims(isCut ? [] : engine.Homes);
        _help = new HelpChoice(engine.Times.Of(dims));
    }

    internal override int[] Dims { get; }

    internal override InputSlot[] Inputs { get; }

    internal override OutputSlot[] Outputs { get; }

    internal override int Generation => Volatile.Read(ref _generation);

    internal override long ByteLength
    {
        get
        {
            long bytes = 0;
            foreach (InputSlot input in Inputs)
                bytes += input.ByteLength;
            foreach (OutputSlot output in Outputs)
                bytes += output.ByteLength;
            foreach (CallBuffers member in _members)
                bytes += member.ByteLength;
            return bytes + (_segments?.ByteLength ?? 0);
        }
    }

    /// <summary>Runs all members and combines what they give. The first failure, in time, is thrown.</summary>
    /// <param name="combine">The application's rule for an output of that place.</param>
    /// <param name="token">Ends it.</param>
    public void Run(Action<int, MemberOutputs> combine, CancellationToken token)
    {
        _hasResult = false;
        foreach (CombinedStage stage in _stages)
            stage.Begin();
        if (_segments is null)
            RunWhole(token);
        else
            _segments.Run(token);
        for (int o = 0; o < _stages.Length; o++)
            _stages[o].Finish(o, combine);
        _hasResult = true;
    }

    /// <summary>Takes members until none is left.</summary>
    public void Execute()
    {
        int thread = Environment.CurrentManagedThreadId;
        // For as long as this thread has members of one core, whichever they are.
        EnteredCore core = new(_engine.Ledger);
        int done = 0;
        for (int next = _claims.Take(thread); next >= 0; next = _claims.Take(thread), done++)
            RunOne(next, ref core);
        // Before the request is over: the next one must not meet this one's cores.
        core.Leave();
        if (done > 0 && Interlocked.Add(ref _open, -done) == 0)
            _over.Set();
    }

    internal override bool Release(int generation)
    {
        if (Interlocked.CompareExchange(ref _generation, generation + 1, generation) != generation)
            return false;
        _hasResult = false;
        foreach (InputSlot input in Inputs)
            input.Forget();
        foreach (OutputSlot output in Outputs)
            output.Forget();
        _engine.Pool.Return(this);
        return true;
    }

    internal override void CheckReadable(int generation)
    {
        if (Generation != generation)
            throw new ObjectDisposedException(_engine.Name, "The output of '" + _engine.Name + "' was disposed; its memory belongs to another request.");
        if (!_hasResult)
            throw new InvalidOperationException("There is no output of '" + _engine.Name + "': nothing ran yet, or the last run failed.");
    }

    internal override void Free()
    {
        foreach (CallBuffers member in _members)
            member.Leave();
        _segments?.Free();
        foreach (InputSlot input in Inputs)
            input.Dispose();
    }

    private void RunWhole(CancellationToken token)
    {
        _failure = null;
        _token = token;
        _open = _members.Length;
        _over.Reset();
        Sort();
        int helpers = _help.Begin(_engine.Helpers, _engine.MemberSeconds, _engine.Gate.Inside == 1 && _engine.Ledger.InFlight == 0);
        long start = _help.IsCompared ? _engine.Ledger.Now : 0;
        // Last: an item of an earlier run, which a thread meets only now, takes part in this one from here on.
        _claims.Open();
        AskForHelp(helpers);
        Execute();
        AwaitOthers();
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        if (_help.IsCompared && _engine.Gate.Inside == 1)
            _help.End(_engine.Ledger.Seconds(start, _engine.Ledger.Now));
    }

    private void RunOne(int member, ref EnteredCore core)
    {
        try
        {
            _token.ThrowIfCancellationRequested();
            if (Volatile.Read(ref _failure) is null)
            {
                RunMember(member, ref core);
                foreach (CombinedStage stage in _stages)
                    stage.Add(member);
            }
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
    }

    private void RunMember(int member, ref EnteredCore core)
    {
        MemberModel model = _engine.Members[member];
        try
        {
            model.Run(_members[member], ref core, _token);
            model.Counts.Answered();
        }
        catch (Exception e) when (e is not OperationCanceledException and not ArgumentException)
        {
            model.Counts.Failed(e);
            throw new CleaveException(Rules.EnsembleMemberFailed, e, _engine.Name, model.Name, e.Message);
        }
    }

    // Few, and nearly sorted already.
    private void Sort()
    {
        MemberModel[] models = _engine.Members;
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

    private void AskForHelp(int helpers)
    {
        try
        {
            for (int i = helpers; i > 0; i--)
                _engine.Workers.Enqueue(this);
        }
        catch (Exception) when (_engine.Workers.Workers == 0)
        {
            // No thread can be started: this one runs them all.
        }
    }

    private void Spin()
    {
        long start = Stopwatch.GetTimestamp();
        while (!_over.IsSet && Stopwatch.GetTimestamp() - start < EnsembleEngine.SpinLimit)
            Thread.SpinWait(8);
    }

    private void AwaitOthers()
    {
        SpinWait spin = default;
        try
        {
            // The others are in their last members, and this thread's core is its own: waking it would take longer than most of them.
            if (!_over.IsSet && Environment.ProcessorCount > 1)
                Spin();
            _over.Wait(CancellationToken.None);
        }
        catch
        {
            // Somebody interrupted this thread; the others still use the memory.
            while (!_over.IsSet)
                spin.SpinOnce();
            throw;
        }
    }
}
