using System;
using System.Threading;
using Cleave.Devices.Dispatch;
using Cleave.Elements;
using Cleave.Lanes;
using Cleave.Modes;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Calls;

/// <summary>
/// One mode of the runner, bound to the inputs and outputs of one call, and what is known by now of its results. The outputs' memory is shared
/// with the call's other modes. One run at a time.
/// </summary>
internal sealed class BoundPlan : IDisposable
{
    private readonly int[] _dims;
    private readonly OutputSlot[] _outputs;
    private readonly ResultPredictions _predictions;
    private readonly InputSlot[] _inputs;
    private readonly bool _inputsNeedWork;
    private readonly DeviceRun? _device;
    // The outputs' memory that the segments are bound to.
    private readonly OrtValue?[] _bound;
    private bool _settled;
    private bool _verified;
    private bool _plain;
    // A run failed, perhaps because of shapes that were taken for granted; the next one shows whether.
    private bool _doubts;
    // The results whose memory was refused in it.
    private int[] _refused = [];

    public BoundPlan(RunnerMode mode, int[] dims, InputSlot[] inputs, OutputSlot[] outputs, bool inputsNeedWork)
    {
        Mode = mode;
        _dims = dims;
        _inputs = inputs;
        _outputs = outputs;
        _inputsNeedWork = inputsNeedWork;
        _predictions = mode.Predictions;
        _bound = new OrtValue?[outputs.Length];
        ResultSlot[] results = mode.Plan.NewResults(outputs);
        Sample = new PlanSample(mode.Plan.Bind(inputs, results, _predictions), results);
        _device = mode.Plan.Device is { } side ? new DeviceRun(side, inputs, results, dims, _predictions) : null;
        Lanes = new PlanCall(mode.Plan.Outline, mode.LaneSettings, mode.Crew, Sample, _device);
        FollowOutputs();
    }

    public RunnerMode Mode { get; }

    /// <summary>The lanes that run this call alone.</summary>
    public PlanCall Lanes { get; }

    /// <summary>What a run goes through, of this call alone or in a group.</summary>
    public PlanSample Sample { get; }

    /// <summary>Memory of the values inside.</summary>
    public long ByteLength
    {
        get
        {
            long bytes = 0;
            foreach (ResultSlot result in Sample.Results)
                bytes += result.ByteLength;
            return bytes;
        }
    }

    /// <summary>Whether runs take no memory any more, and give none back.</summary>
    public bool IsSettled => _plain;

    /// <summary>Whether every output has memory of its own.</summary>
    public bool OutputsAreBound => _settled && Array.TrueForAll(_outputs, static o => o.Own != null);

    /// <summary>After a run of another mode, which may have given an output other memory.</summary>
    public void FollowOutputs()
    {
        if (!IsStale())
            return;
        foreach (SegmentCall? segment in Sample.Segments)
        {
            segment?.Unsettle();
            segment?.BindOwn();
        }
        NoteOutputs();
        // An output that lost its memory when the other mode failed gets some again after the next run.
        _settled = _settled && Array.TrueForAll(_outputs, static o => o.Own != null);
        _verified = false;
        _plain = false;
    }

    /// <summary>After inputs have moved: other memory of the same shape.</summary>
    public void FollowInputs()
    {
        foreach (SegmentCall? segment in Sample.Segments)
            segment?.BindFixedReads();
    }

    /// <summary>Runs the plan, its first lane on the calling thread.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        try
        {
            if (_plain && !cancellationToken.CanBeCanceled)
                Lanes.Run();
            else
                RunWithCare(cancellationToken);
        }
        catch (Exception e) when (MayBeAboutShapes(e))
        {
            RunAgain(e, cancellationToken);
        }
    }

    /// <summary>Before each run with care.</summary>
    public void BeforeRun()
    {
        if (!_inputsNeedWork)
            return;
        foreach (InputSlot input in _inputs)
            input.BeforeRun();
    }

    /// <summary>After each run with care that went well.</summary>
    public void AfterRun()
    {
        // First: what came otherwise is not bound again.
        Decide(wrong: true);
        if (!_settled)
            Settle();
        else if (!_verified)
            Verified();
        NoteOutputs();
    }

    /// <summary>
    /// Whether a run failed, perhaps, because a declared shape was right at first and is not now. ONNX Runtime names no error code for it.
    /// A wrong guess costs one more run that fails again.
    /// </summary>
    public bool MayBeAboutShapes(Exception e) =>
        Array.Exists(Sample.Results, static r => r.Own != null || r.IsOnDevice)
        && e is CleaveException { InnerException: OnnxRuntimeException { Message: var message } }
        && (message.Contains("shape", StringComparison.OrdinalIgnoreCase) || RefusedOutputs.Is(message));

    /// <summary>After that: the next run lets ONNX Runtime allocate, and looks at shapes again. Whether the guess was right is known once that went well.</summary>
    /// <param name="e">The failure.</param>
    public void Unsettle(Exception e)
    {
        _refused = RefusedOutputs.Of(e, Sample.Results);
        foreach (ResultSlot result in Sample.Results)
            result.UnbindOwn();
        foreach (SegmentCall? segment in Sample.Segments)
            segment?.Unsettle();
        _device?.Doubt();
        NoteOutputs();
        _settled = false;
        _verified = false;
        _plain = false;
        _doubts = true;
    }

    /// <summary>The run after that failed, too: the shapes were not to blame.</summary>
    public void Trust() => Decide(wrong: false);

    public void Dispose()
    {
        Lanes.Dispose();
        _device?.Dispose();
        Sample.Dispose();
    }

    private void RunAgain(Exception e, CancellationToken cancellationToken)
    {
        Unsettle(e);
        try
        {
            RunWithCare(cancellationToken);
        }
        finally
        {
            Trust();
        }
    }

    private void Decide(bool wrong)
    {
        if (!_doubts)
            return;
        _doubts = false;
        _device?.Decide(wrong);
        if (!wrong)
            return;
        _predictions.DistrustSeen(_dims);
        foreach (int result in _refused)
            _predictions.Distrust(result);
    }

    // Everything but the plain case: the first runs, cancellation, strings, results that are not bound, accelerators.
    private void RunWithCare(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeRun();
        Lanes.RunWithCare(cancellationToken);
        AfterRun();
    }

    // Gives memory of its own to each result that came as declared. The next run shows whether it is written to.
    private void Settle()
    {
        foreach (ResultSlot result in Sample.Results)
            result.BindOwn(_dims, _predictions);
        foreach (SegmentCall? segment in Sample.Segments)
            segment?.BindOwn();
        _settled = true;
    }

    private void Verified()
    {
        _verified = true;
        _plain = !_inputsNeedWork && _device is null;
        foreach (SegmentCall? segment in Sample.Segments)
            _plain &= segment?.Verified() ?? true;
    }

    private bool IsStale()
    {
        for (int i = 0; i < _outputs.Length; i++)
        {
            if (_outputs[i].Own != _bound[i])
                return true;
        }
        return false;
    }

    private void NoteOutputs()
    {
        for (int i = 0; i < _outputs.Length; i++)
            _bound[i] = _outputs[i].Own;
    }
}
