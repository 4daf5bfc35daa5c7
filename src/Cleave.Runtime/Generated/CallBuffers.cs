using System;
using System.ComponentModel;
using System.Threading;
using Cleave.Calls;
using Cleave.Elements;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Generated;

/// <summary>
/// What one request needs and the next one uses again: inputs and outputs bound once for one set of dimensions.
/// Passed on by generated code.
/// </summary>
/// <remarks>
/// The first run lets ONNX Runtime allocate the outputs and learns their shapes. An output that came as the model
/// declares it gets memory of its own; the second run shows whether ONNX Runtime writes there. Then runs copy and allocate
/// nothing. Any other output is copied after each run.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class CallBuffers
{
    private readonly RunnerEngine _engine;
    private readonly SegmentSession _session;
    private readonly OrtIoBinding _binding;
    private readonly Lane _lane;
    private readonly Action<Lane> _trunk;
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
        _session = engine.Session;
        _trunk = engine.Trunk;
        Dims = dims;
        Inputs = MakeInputs(engine, dims);
        Outputs = Array.ConvertAll(engine.Definition.Outputs, v => v.Element.NewOutput(v.Name));
        _binding = _session.Session.CreateIoBinding();
        _lane = new Lane(_session, _binding);
        foreach (InputSlot input in Inputs)
        {
            _binding.BindInput(input.Name, input.Tensor);
            _inputsNeedWork |= input.NeedsWork;
        }
        foreach (OutputSlot output in Outputs)
            output.Owner = this;
        _holdsText = _inputsNeedWork || Array.Exists(Outputs, static o => o is StringOutput);
        LetOrtAllocate();
    }

    internal int[] Dims { get; }

    internal InputSlot[] Inputs { get; }

    internal OutputSlot[] Outputs { get; }

    internal int Generation => Volatile.Read(ref _generation);

    /// <summary>Memory of the inputs and outputs; does not change while nothing runs.</summary>
    internal long ByteLength
    {
        get
        {
            long bytes = 0;
            foreach (InputSlot input in Inputs)
                bytes += input.ByteLength;
            foreach (OutputSlot output in Outputs)
                bytes += output.ByteLength;
            return bytes;
        }
    }

    /// <summary>Whether every output has memory of its own.</summary>
    internal bool OutputsAreBound => _settled && Array.TrueForAll(Outputs, static o => o.Own != null);

    /// <summary>Runs the plan on the calling thread. The caller has entered the runner's gate.</summary>
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
                _trunk(_lane);
            else
                RunWithCare(cancellationToken);
            _hasResult = true;
        }
        catch (CleaveException e) when (_settled && MayBeAboutShapes(e))
        {
            // A declared shape was right at first and is not now: let ONNX Runtime allocate, and look again.
            _hasResult = false;
            Unsettle();
            RunWithCare(cancellationToken);
            _hasResult = true;
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
        _binding.Dispose();
        _lane.Free();
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

    // Everything but the plain case: the first run, cancellation, strings, outputs that are not bound, other devices.
    private void RunWithCare(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PrepareInputs();
        bool take = !_verified || !OutputsAreBound;
        CancellationTokenRegistration watch = _lane.Watch(cancellationToken);
        try
        {
            _trunk(_lane);
            if (take)
                TakeOutputs();
        }
        finally
        {
            watch.Dispose();
            _lane.Reset();
            if (take)
                LetOrtAllocate();
        }
        if (!_settled)
            Settle();
        else if (!_verified)
            Verified();
    }

    private void PrepareInputs()
    {
        if (_inputsNeedWork)
        {
            foreach (InputSlot input in Inputs)
                input.BeforeRun();
        }
        if (_session.CopiesInputsWhenBound)
        {
            foreach (InputSlot input in Inputs)
                _binding.BindInput(input.Name, input.Tensor);
        }
    }

    // After each run: ONNX Runtime would use the values of the last run as memory of the next one, and keep them meanwhile.
    private void LetOrtAllocate()
    {
        foreach (OutputSlot output in Outputs)
        {
            if (output.Own is null)
                _binding.BindOutputToDevice(output.Name, OrtMemoryInfo.DefaultInstance);
        }
    }

    private void TakeOutputs()
    {
        using IDisposableReadOnlyCollection<OrtValue> results = _binding.GetOutputValues();
        int i = 0;
        foreach (OrtValue result in results)
        {
            OutputSlot output = Outputs[i];
            if (output.Own != null && !output.IsOwn(result))
            {
                // ONNX Runtime hands on what it has (an input, say) instead of writing into our memory.
                _engine.Predictions.Distrust(i);
                output.UnbindOwn();
            }
            if (output.Own is null)
            {
                OrtTensorTypeAndShapeInfo info = result.GetTensorTypeAndShape();
                output.Take(result, Array.ConvertAll(info.Shape, static d => checked((int)d)));
            }
            i++;
        }
    }

    // Gives memory of its own to each output that came as declared. The next run shows whether it is written to.
    private void Settle()
    {
        for (int i = 0; i < Outputs.Length; i++)
        {
            OutputSlot output = Outputs[i];
            if (output.Own is null && _engine.Predictions.Hold(i, Dims, output.Shape) && output.BindOwn())
                _binding.BindOutput(output.Name, output.Own!);
        }
        _settled = true;
    }

    private void Verified()
    {
        _verified = true;
        _plain = OutputsAreBound && !_inputsNeedWork && !_session.CopiesInputsWhenBound;
    }

    private void Unsettle()
    {
        foreach (OutputSlot output in Outputs)
            output.UnbindOwn();
        LetOrtAllocate();
        _settled = false;
        _verified = false;
        _plain = false;
    }

    // ONNX Runtime names no error code for it. A wrong guess costs one more run that fails again.
    private bool MayBeAboutShapes(CleaveException e) =>
        Array.Exists(Outputs, static o => o.Own != null)
        && e.InnerException is OnnxRuntimeException { Message: var message }
        && message.Contains("shape", StringComparison.OrdinalIgnoreCase);
}
