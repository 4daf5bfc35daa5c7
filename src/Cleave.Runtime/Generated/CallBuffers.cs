using System;
using System.ComponentModel;
using System.Threading;
using Cleave.Calls;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Lanes;
using Cleave.Modes;

namespace Cleave.Generated;

/// <summary>
/// What one request needs and the next one uses again: inputs and outputs bound once for one set of dimensions.
/// Passed on by generated code.
/// </summary>
/// <remarks>
/// The first run lets ONNX Runtime allocate the outputs, and the values that one segment hands to another, and learns their
/// shapes. What came as the model declares it gets memory of its own; the second run shows whether ONNX Runtime writes there.
/// Then runs copy and allocate nothing. Any other output is copied after each run, any other value freed when it was read.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class CallBuffers : RequestBuffers
{
    // Where it runs; a call that its user keeps moves with the runner when that is reloaded.
    private RunnerEngine _engine;
    private CallPool<CallBuffers> _pool;
    // One for each mode of the runner, and each instance of it, that this call ran in.
    private BoundPlan?[] _plans;
    private RequestTimes _times;
    // Where its batch may be divided.
    private DividedCall? _divided;
    private readonly bool _inputsNeedWork;
    private readonly bool _holdsText;
    // How many requests the last run was counted as: one, or one for each slice.
    private int _counted;
    private int _busy;
    private int _last;

    internal CallBuffers(RunnerEngine engine, CallPool<CallBuffers> pool, int[] dims)
        : this(engine, pool, dims, engine.Shapes.NewInputs(dims))
    {
    }

    /// <summary>Buffers whose inputs lie where somebody else has them.</summary>
    internal CallBuffers(RunnerEngine engine, CallPool<CallBuffers> pool, int[] dims, InputSlot[] inputs)
        : base(engine.Name, dims, inputs)
    {
        _engine = engine;
        _pool = pool;
        Batch = engine.BatchSizes?.Of(dims) ?? default;
        Outputs = Array.ConvertAll(engine.Definition.Outputs, v => v.Element.NewOutput(v.Name));
        _times = engine.Times.Of(dims);
        _inputsNeedWork = Array.Exists(Inputs, static i => i.NeedsWork);
        _holdsText = _inputsNeedWork || Array.Exists(Outputs, static o => o is StringOutput);
        _plans = new BoundPlan?[engine.Places];
        _last = engine.Modes.Planned.Place;
        Bound(engine.Modes.Planned);
        _divided = Divided(engine);
    }

    /// <summary>How a request of these dimensions may run with others.</summary>
    internal BatchPlace Batch { get; }

    /// <summary>What ran last; the runner's planned mode before anything ran.</summary>
    internal BoundPlan Plan => _plans[_last]!;

    /// <summary>The lanes that run this call alone.</summary>
    internal PlanCall Lanes => Plan.Lanes;

    /// <summary>Memory of the inputs, the outputs and the values inside; does not change while nothing runs.</summary>
    internal override long ByteLength
    {
        get
        {
            long bytes = base.ByteLength;
            foreach (BoundPlan? plan in _plans)
                bytes += plan?.ByteLength ?? 0;
            return bytes;
        }
    }

    /// <summary>Whether runs take no memory any more, and give none back.</summary>
    internal bool IsSettled => Plan.IsSettled;

    /// <summary>Whether every output has memory of its own.</summary>
    internal bool OutputsAreBound => Plan.OutputsAreBound;

    /// <summary>Enters the gate of the engine where the runner's requests go now.</summary>
    internal RunnerEngine Enter() => _engine.Home.Enter();

    /// <summary>Runs the model in the mode that fits what else runs, the first lane on the calling thread. The caller has entered the runner's gate.</summary>
    internal void Run(int generation, CancellationToken cancellationToken) => Run(_engine, generation, cancellationToken);

    /// <summary>The same in the engine that the caller has entered.</summary>
    internal void Run(RunnerEngine engine, int generation, CancellationToken cancellationToken) => Run(engine, null, generation, cancellationToken);

    /// <summary>Runs the model in a mode that the caller has begun.</summary>
    internal void RunIn(RunnerMode mode, int generation, CancellationToken cancellationToken) => Run(_engine, mode, generation, cancellationToken);

    /// <summary>The same in the engine that the caller has entered.</summary>
    internal void RunIn(RunnerEngine engine, RunnerMode mode, int generation, CancellationToken cancellationToken) => Run(engine, mode, generation, cancellationToken);

    private void Run(RunnerEngine engine, RunnerMode? begun, int generation, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            throw new InvalidOperationException("A call to the model '" + _engine.Name + "' was used by two threads at once. Make one call for each thread.");
        if (Generation != generation)
        {
            Volatile.Write(ref _busy, 0);
            throw new ObjectDisposedException(_engine.Name, "A disposed call to the model '" + _engine.Name + "' was run.");
        }
        try
        {
            HasResult = false;
            _counted = 1;
            if (engine != _engine)
                MoveTo(engine);
            if (RanOnDevice(begun, cancellationToken))
            {
                // As planned.
            }
            else if (begun is null)
                RunInTurn(cancellationToken);
            else
                Turned(begun).Run(cancellationToken);
            HasResult = true;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>After a run of so many requests that went well: each counts.</summary>
    internal void CountTogether(int requests)
    {
        if (requests > _counted)
            Plan.Mode.Count(requests - _counted);
    }

    /// <summary>Before a run in a group, which is always one in the runner's planned mode. Whoever runs it has rented the buffers and shares them with nobody.</summary>
    internal BoundPlan BeginInGroup()
    {
        HasResult = false;
        BoundPlan plan = Turned(_engine.Modes.Planned);
        plan.BeforeRun();
        return plan;
    }

    /// <summary>After a run in a group that went well.</summary>
    internal void EndInGroup()
    {
        Plan.AfterRun();
        HasResult = true;
    }

    /// <summary>Runs in one mode, as often as it takes until nothing is allocated any more. Nobody else has the buffers.</summary>
    internal void Warm(RunnerMode mode, CancellationToken cancellationToken)
    {
        const int UntilPlain = 3;
        for (int i = 0; i < UntilPlain; i++)
            Turned(mode).Run(cancellationToken);
    }

    /// <summary>Has its inputs, slices of those of a request, become other samples of them. Nobody else has the buffers.</summary>
    /// <param name="engine">Where it is to run, which the caller has entered.</param>
    /// <param name="whole">The request's inputs.</param>
    /// <param name="places">By input, which of them it is a slice of.</param>
    /// <param name="at">The first sample.</param>
    internal void MoveInputs(RunnerEngine engine, InputSlot[] whole, int[] places, int at)
    {
        bool moved = false;
        for (int i = 0; i < Inputs.Length; i++)
            moved |= Inputs[i].MoveTo(whole[places[i]], at);
        if (engine != _engine)
        {
            // Nothing may be bound for a session that is gone.
            MoveTo(engine);
            return;
        }
        if (!moved)
            return;
        foreach (BoundPlan? plan in _plans)
            plan?.FollowInputs();
    }

    /// <summary>Copies the inputs to those of other buffers of the same dimensions.</summary>
    internal void CopyInputsTo(CallBuffers other)
    {
        for (int i = 0; i < Inputs.Length; i++)
            Inputs[i].CopyTo(other.Inputs[i]);
    }

    /// <summary>Copies the inputs into those of a batch, from sample <paramref name="at"/> on.</summary>
    internal void PutInto(CallBuffers batch, BatchAxis axis, int at)
    {
        for (int i = 0; i < Inputs.Length; i++)
            Inputs[i].PutInto(batch.Inputs[i], axis.Inputs[i], at);
    }

    /// <summary>Takes as outputs what a batch has from sample <paramref name="at"/> on; <paramref name="symbol"/> is the batch's place among the dimensions.</summary>
    /// <exception cref="InvalidOperationException">An output has no part for each sample.</exception>
    internal void TakePart(CallBuffers batch, BatchAxis axis, int symbol, int at)
    {
        int all = batch.Dims[symbol], samples = Dims[symbol];
        for (int i = 0; i < Outputs.Length; i++)
        {
            OutputSlot whole = batch.Outputs[i];
            int along = axis.Outputs[i];
            if (whole.Shape.Length <= along || whole.Shape[along] != all)
                throw new InvalidOperationException($"The output '{whole.Name}' of {all} samples has the shape [{string.Join(", ", whole.Shape)}].");
            Outputs[i].TakePart(whole, along, at, samples);
        }
        HasResult = true;
    }

    /// <summary>
    /// For calls that a user holds: gives the buffers back unless a run still uses them; then they become garbage.
    /// </summary>
    internal void Retire(int generation)
    {
        bool running = Interlocked.Exchange(ref _busy, 1) != 0;
        bool ours = TryEnd(generation);
        if (running)
            return;
        // Only now: a run that comes meanwhile must meet either the busy mark or the new generation.
        Volatile.Write(ref _busy, 0);
        if (ours)
            GiveBack();
    }

    /// <summary>Frees the tensors. The memory itself is the garbage collector's.</summary>
    internal override void Free()
    {
        _divided?.Dispose();
        foreach (BoundPlan? plan in _plans)
            plan?.Dispose();
        foreach (InputSlot input in Inputs)
            input.Dispose();
        foreach (OutputSlot output in Outputs)
            output.Dispose();
    }

    /// <summary>Frees buffers that no pool rented out.</summary>
    internal void Leave()
    {
        _pool.Leave();
        Free();
    }

    // Inputs and outputs keep their memory: the user has it. The old engine may have been freed; bindings outlive their session.
    private void MoveTo(RunnerEngine engine)
    {
        RunnerMode planned = engine.Modes.Planned;
        BoundPlan?[] plans = new BoundPlan?[engine.Places];
        // First what may fail: all is as it was then, and the next run moves anew.
        plans[planned.Place] = NewPlan(planned);
        DividedCall? divided;
        try
        {
            divided = Divided(engine);
        }
        catch
        {
            plans[planned.Place]!.Dispose();
            throw;
        }
        foreach (BoundPlan? plan in _plans)
            plan?.Dispose();
        _divided?.Dispose();
        _pool.Leave();
        _pool = engine.Pool;
        _pool.Join();
        _times = engine.Times.Of(Dims);
        (_engine, _plans, _last, _divided) = (engine, plans, planned.Place, divided);
    }

    private DividedCall? Divided(RunnerEngine engine) => engine.Divider?.Of(Dims) is { } division ? new DividedCall(engine, this, division) : null;

    private protected override void GiveBack()
    {
        HasResult = false;
        if (_holdsText)
            ForgetTexts();
        _pool.Return(this);
    }

    // False where the model runs on the CPU, or this request has to run there.
    private bool RanOnDevice(RunnerMode? begun, CancellationToken cancellationToken)
    {
        if (_engine.Device is not { InUse: { } mode } device)
            return false;
        // Whoever has begun a mode has cores already: to wait for others would be to wait for oneself.
        Turn? turn = begun is null ? _engine.Modes.EnterOn(mode, cancellationToken) : null;
        if (turn is null)
            mode.Begin();
        try
        {
            Turned(mode).Run(cancellationToken);
            device.Succeeded();
            return true;
        }
        catch (DeviceException e)
        {
            if (device.FallsBack(e))
                return false;
            throw;
        }
        catch (CleaveException e) when (device.LossBehind(e) is not null)
        {
            DeviceLostException loss = device.LossBehind(e)!;
            if (device.FallsBack(loss))
                return false;
            throw loss;
        }
        finally
        {
            if (turn is { } own)
                _engine.Modes.Leave(own);
            else
                mode.End();
        }
    }

    private void RunInTurn(CancellationToken cancellationToken)
    {
        if (_divided is { } divided && divided.TryRun(cancellationToken))
        {
            _counted = divided.Count;
            return;
        }
        Turn turn = _engine.Modes.Enter(_times, cancellationToken);
        bool succeeded = false;
        try
        {
            Turned(turn.Mode).Run(cancellationToken);
            succeeded = true;
        }
        finally
        {
            if (_engine.Modes.Leave(turn, _times, succeeded) is { } seconds)
                _divided?.AddWhole(seconds);
        }
    }

    private BoundPlan Turned(RunnerMode mode)
    {
        BoundPlan plan = Bound(mode);
        if (mode.Place != _last)
            plan.FollowOutputs();
        _last = mode.Place;
        return plan;
    }

    private BoundPlan Bound(RunnerMode mode) => _plans[mode.Place] ??= NewPlan(mode);

    private BoundPlan NewPlan(RunnerMode mode) => new(mode, Dims, Inputs, Outputs, _inputsNeedWork);
}
