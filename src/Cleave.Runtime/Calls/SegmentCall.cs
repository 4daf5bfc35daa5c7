using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Onnx.Slicing;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Calls;

/// <summary>One segment, bound to the buffers of one call. One run at a time.</summary>
internal sealed class SegmentCall : IDisposable
{
    private readonly ITensorSource[] _reads;
    // What the session's inputs get, by name: one value may be two of them.
    private readonly (string Name, ITensorSource Source)[] _inputs;
    private readonly ResultSlot[] _writes;
    private readonly string[] _outputs;
    private readonly ResultPredictions _predictions;
    private readonly OrtIoBinding _binding;
    private bool _plain;

    public SegmentCall(SegmentSession session, ITensorSource[] reads, ResultSlot[] writes, ResultPredictions predictions)
        : this(session, reads, Array.ConvertAll(reads, static r => (r.Name, r)), writes, Array.ConvertAll(writes, static w => w.Name), predictions)
    {
    }

    /// <summary>In the session of a segment that does the same to other values.</summary>
    public SegmentCall(SegmentSession session, ITensorSource[] reads, ResultSlot[] writes, ResultPredictions predictions, Segment owner, SharedSegment shared)
        : this(session, reads, [.. owner.Reads.Select((r, i) => (r.Name, reads[shared.Inputs[i]]))], writes, shared.Outputs, predictions)
    {
    }

    private SegmentCall(SegmentSession session, ITensorSource[] reads, (string Name, ITensorSource Source)[] inputs, ResultSlot[] writes, string[] outputs, ResultPredictions predictions)
    {
        Session = session;
        _reads = reads;
        _inputs = inputs;
        _writes = writes;
        _outputs = outputs;
        _predictions = predictions;
        _binding = session.Session.CreateIoBinding();
        BindFixedReads();
        // All of them, also those that get memory of their own next: results come in the order in which outputs were first bound.
        foreach (string output in outputs)
            _binding.BindOutputToDevice(output, OrtMemoryInfo.DefaultInstance);
    }

    public SegmentSession Session { get; }

    /// <summary>Runs on the calling thread.</summary>
    public void Run(RunOptions options)
    {
        if (_plain)
            Session.Session.RunWithBinding(options, _binding);
        else
            RunWithCare(options);
    }

    /// <summary>Binds what has memory of its own by now.</summary>
    public void BindOwn()
    {
        for (int i = 0; i < _writes.Length; i++)
        {
            if (_writes[i].Own is { } own)
                _binding.BindOutput(_outputs[i], own);
        }
        BindFixedReads();
    }

    /// <summary>From now on the run needs no care, where everything lies in the same memory each time. True where that is so.</summary>
    public bool Verified()
    {
        _plain = !Session.CopiesInputsWhenBound && Array.TrueForAll(_reads, static r => r.IsFixed) && Array.TrueForAll(_writes, static w => w.Own != null);
        return _plain;
    }

    /// <summary>Back to the first run: ONNX Runtime allocates everything.</summary>
    public void Unsettle()
    {
        _plain = false;
        ForgetReads();
        LetOrtAllocate();
    }

    /// <summary>Binds what it reads that has memory of its own, where that lies now.</summary>
    public void BindFixedReads()
    {
        foreach ((string name, ITensorSource read) in _inputs)
        {
            if (read.IsFixed)
                _binding.BindInput(name, read.Tensor);
        }
    }

    public void Dispose() => _binding.Dispose();

    private void RunWithCare(RunOptions options)
    {
        bool passing = BindPassingReads();
        try
        {
            Session.Session.RunWithBinding(options, _binding);
            TakeResults();
        }
        finally
        {
            LetOrtAllocate();
            if (passing)
                ForgetReads();
        }
        foreach (ITensorSource read in _reads)
            read.Release();
    }

    // What ONNX Runtime allocated in this run; and everything where binding copies it to another device.
    private bool BindPassingReads()
    {
        bool passing = false;
        foreach ((string name, ITensorSource read) in _inputs)
        {
            passing |= !read.IsFixed;
            if (!read.IsFixed || Session.CopiesInputsWhenBound)
                _binding.BindInput(name, read.Tensor);
        }
        return passing;
    }

    // The binding would keep the memory of what it has read.
    private void ForgetReads()
    {
        _binding.ClearBoundInputs();
        BindFixedReads();
    }

    // After each run: ONNX Runtime would use the values of the last run as memory of the next one, and keep them meanwhile.
    private void LetOrtAllocate()
    {
        for (int i = 0; i < _writes.Length; i++)
        {
            if (_writes[i].Own is null)
                _binding.BindOutputToDevice(_outputs[i], OrtMemoryInfo.DefaultInstance);
        }
    }

    private void TakeResults()
    {
        // Each result is disposed of by the slot that takes it.
        IReadOnlyList<OrtValue> results = _binding.GetOutputValues();
        for (int i = 0; i < _writes.Length; i++)
            _writes[i].Take(results[i], _predictions);
    }
}
