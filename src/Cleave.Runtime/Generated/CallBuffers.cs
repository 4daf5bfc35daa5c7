using System;
using System.ComponentModel;
using System.Threading;
using Cleave.Calls;
using Cleave.Elements;
using Cleave.Lanes;
using Microsoft.ML.OnnxRuntime;

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
public sealed class CallBuffers
{
    private readonly RunnerEngine _engine;
    private readonly PlanCall _call;
    private readonly bool _inputsNeedWork;
    private readonly bool _holdsText;
    private int _generation;
    private int _busy;
    private bool _settled;
    private bool _verified;
    private bool _plain;
    private bool _hasResult;

    internal CallBuffers(RunnerEngine engine, int[] dims)
    {
        _engine = engine;
        Dims = dims;
        Inputs = MakeInputs(engine, dims);
        Outputs = Array.ConvertAll(engine.Definition.Outputs, v => v.Element.NewOutput(v.Name));
        ResultSlot[] results = engine.Plan.NewResults(Outputs);
        Sample = new PlanSample(engine.Plan.Bind(Inputs, results, engine.Predictions), results);
        _call = new PlanCall(engine.Plan.Outline, engine.LaneSettings, engine.Crew, Sample);
        foreach (OutputSlot output in Outputs)
            output.Owner = this;
        _inputsNeedWork = Array.Exists(Inputs, static i => i.NeedsWork);
        _holdsText = _inputsNeedWork || Array.Exists(Outputs, static o => o is StringOutput);
    }

    internal int[] Dims { get; }

    /// <summary>The lanes that run this call alone.</summary>
    internal PlanCall Lanes => _call;

    /// <summary>What a run goes through, of this call alone or in a group.</summary>
    internal PlanSample Sample { get; }

    internal InputSlot[] Inputs { get; }

    internal OutputSlot[] Outputs { get; }

    internal int Generation => Volatile.Read(ref _generation);

    /// <summary>Memory of the inputs, the outputs and the values inside; does not change while nothing runs.</summary>
    internal long ByteLength
    {
        get
        {
            long bytes = 0;
            foreach (InputSlot input in Inputs)
                bytes += input.ByteLength;
            foreach (OutputSlot output in Outputs)
                bytes += output.ByteLength;
            foreach (ResultSlot result in Sample.Results)
                bytes += result.ByteLength;
            return bytes;
        }
    }

    /// <summary>Whether every output has memory of its own.</summary>
    internal bool OutputsAreBound => _settled && Array.TrueForAll(Outputs, static o => o.Own != null);

    /// <summary>Runs the plan, its first lane on the calling thread. The caller has entered the runner's gate.</summary>
    internal void Run(int generation, CancellationToken cancellationToken)
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
            if (_plain && !cancellationToken.CanBeCanceled)
                _call.Run();
            else
                RunWithCare(cancellationToken);
            _hasResult = true;
        }
        catch (Exception e) when (MayBeAboutShapes(e))
        {
            Unsettle();
            RunWithCare(cancellationToken);
        }
        catch
        {
            _hasResult = false;
            throw;
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Before each run with care; for a group, whoever runs it has rented the buffers and shares them with nobody.</summary>
    internal void BeforeRun()
    {
        _hasResult = false;
        if (!_inputsNeedWork)
            return;
        foreach (InputSlot input in Inputs)
            input.BeforeRun();
    }

    /// <summary>After each run with care that went well.</summary>
    internal void AfterRun()
    {
        if (!_settled)
            Settle();
        else if (!_verified)
            Verified();
        _hasResult = true;
    }

    /// <summary>
    /// Whether a run failed, perhaps, because a declared shape was right at first and is not now. ONNX Runtime names no error code for it.
    /// A wrong guess costs one more run that fails again.
    /// </summary>
    internal bool MayBeAboutShapes(Exception e) =>
        _settled
        && Array.Exists(Sample.Results, static r => r.Own != null)
        && e is CleaveException { InnerException: OnnxRuntimeException { Message: var message } }
        && message.Contains("shape", StringComparison.OrdinalIgnoreCase);

    /// <summary>After that: the next run lets ONNX Runtime allocate, and looks at shapes again.</summary>
    internal void Unsettle()
    {
        _hasResult = false;
        foreach (ResultSlot result in Sample.Results)
            result.UnbindOwn();
        foreach (SegmentCall segment in Sample.Segments)
            segment.Unsettle();
        _settled = false;
        _verified = false;
        _plain = false;
    }

    /// <summary>Gives the buffers back to the pool, once for each time they were rented.</summary>
    internal bool Release(int generation)
    {
        if (Interlocked.CompareExchange(ref _generation, generation + 1, generation) != generation)
            return false;
        GiveBack();
        return true;
    }

    /// <summary>
    /// For calls that a user holds: gives the buffers back unless a run still uses them; then they become garbage.
    /// </summary>
    internal void Retire(int generation)
    {
        bool running = Interlocked.Exchange(ref _busy, 1) != 0;
        bool ours = Interlocked.CompareExchange(ref _generation, generation + 1, generation) == generation;
        if (running)
            return;
        // Only now: a run that comes meanwhile must meet either the busy mark or the new generation.
        Volatile.Write(ref _busy, 0);
        if (ours)
            GiveBack();
    }

    internal void CheckReadable(int generation)
    {
        if (Generation != generation)
            throw new ObjectDisposedException(_engine.Name, "The output of '" + _engine.Name + "' was disposed; its memory belongs to another request.");
        if (!_hasResult)
            throw new InvalidOperationException("There is no output of '" + _engine.Name + "': nothing ran yet, or the last run failed.");
    }

    internal RunGate Gate => _engine.Gate;

    /// <summary>Frees the tensors. The memory itself is the garbage collector's.</summary>
    internal void Free()
    {
        _call.Dispose();
        Sample.Dispose();
        foreach (InputSlot input in Inputs)
            input.Dispose();
        foreach (OutputSlot output in Outputs)
            output.Dispose();
    }

    private void GiveBack()
    {
        _hasResult = false;
        if (_holdsText)
            ForgetTexts();
        _engine.Pool.Return(this);
    }

    private void ForgetTexts()
    {
        foreach (InputSlot input in Inputs)
            input.Forget();
        foreach (OutputSlot output in Outputs)
            output.Forget();
    }

    private static InputSlot[] MakeInputs(RunnerEngine engine, int[] dims)
    {
        Value[] values = engine.Definition.Inputs;
        int[] lengths = new int[values.Length];
        for (int i = 0; i < values.Length; i++)
            lengths[i] = engine.Shapes.InputLength(i, dims);
        InputSlot[] slots = new InputSlot[values.Length];
        for (int i = 0; i < values.Length; i++)
            slots[i] = values[i].Element.NewInput(values[i].Name, engine.Shapes.InputShape(i, dims), lengths[i]);
        return slots;
    }

    // Everything but the plain case: the first runs, cancellation, strings, results that are not bound, other devices.
    private void RunWithCare(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeRun();
        _call.RunWithCare(cancellationToken);
        AfterRun();
    }

    // Gives memory of its own to each result that came as declared. The next run shows whether it is written to.
    private void Settle()
    {
        foreach (ResultSlot result in Sample.Results)
            result.BindOwn(Dims, _engine.Predictions);
        foreach (SegmentCall segment in Sample.Segments)
            segment.BindOwn();
        _settled = true;
    }

    private void Verified()
    {
        _verified = true;
        _plain = !_inputsNeedWork;
        foreach (SegmentCall segment in Sample.Segments)
            _plain &= segment.Verified();
    }
}
