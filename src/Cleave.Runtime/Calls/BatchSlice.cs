using System;
using System.Threading;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Modes;

namespace Cleave.Calls;

/// <summary>Some samples of a call's batch: the part of its bound inputs and outputs where they lie, bound to the modes that ran them. One run at a time.</summary>
internal sealed class BatchSlice : IDisposable
{
    private readonly int[] _dims;
    private readonly InputSlot[] _inputs;
    private readonly OutputSlot[] _outputs;
    private readonly BoundPlan?[] _plans;
    private int _last = -1;

    /// <param name="whole">The call. Its outputs have memory of their own.</param>
    /// <param name="symbol">The place of the batch among its dimensions.</param>
    /// <param name="at">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="places">How many modes and instances of modes there are.</param>
    public BatchSlice(CallBuffers whole, int symbol, int at, int count, int places)
    {
        _dims = [.. whole.Dims];
        _dims[symbol] = count;
        _inputs = Array.ConvertAll(whole.Inputs, i => i.Slice(at, count));
        _outputs = Array.ConvertAll(whole.Outputs, o => o.Slice(at, count));
        _plans = new BoundPlan?[places];
    }

    public void Run(RunnerMode mode, CancellationToken cancellationToken)
    {
        BoundPlan plan = _plans[mode.Place] ??= new BoundPlan(mode, _dims, _inputs, _outputs, inputsNeedWork: false);
        if (mode.Place != _last)
            plan.FollowOutputs();
        _last = mode.Place;
        plan.Run(cancellationToken);
    }

    public void Dispose()
    {
        foreach (BoundPlan? plan in _plans)
            plan?.Dispose();
        foreach (InputSlot input in _inputs)
            input.Dispose();
        foreach (OutputSlot output in _outputs)
            output.Dispose();
    }
}
