using System;
using System.Collections.Generic;
using Cleave.Elements;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Calls;

/// <summary>One segment, bound to the buffers of one call. One run at a time.</summary>
internal sealed class SegmentCall : IDisposable
{
    private readonly ITensorSource[] _reads;
    private readonly ResultSlot[] _writes;
    private readonly ResultPredictions _predictions;
    private readonly OrtIoBinding _binding;
    private bool _plain;

    public SegmentCall(SegmentSession session, ITensorSource[] reads, ResultSlot[] writes, ResultPredictions predictions)
    {
        Session = session;
        _reads = reads;
        _writes = writes;
        _predictions = predictions;
        _binding = session.Session.CreateIoBinding();
        BindFixedReads();
        // All of them, also those that get memory of their own next: results come in the order in which outputs were first bound.
        foreach (ResultSlot write in writes)
            _binding.BindOutputToDevice(write.Name, OrtMemoryInfo.DefaultInstance);
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
        foreach (ResultSlot write in _writes)
        {
            if (write.Own is { } own)
                _binding.BindOutput(write.Name, own);
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
        foreach (ITensorSource read in _reads)
        {
            passing |= !read.IsFixed;
            if (!read.IsFixed || Session.CopiesInputsWhenBound)
                _binding.BindInput(read.Name, read.Tensor);
        }
        return passing;
    }

    // The binding would keep the memory of what it has read.
    private void ForgetReads()
    {
        _binding.ClearBoundInputs();
        BindFixedReads();
    }

    private void BindFixedReads()
    {
        foreach (ITensorSource read in _reads)
        {
            if (read.IsFixed)
                _binding.BindInput(read.Name, read.Tensor);
        }
    }

    // After each run: ONNX Runtime would use the values of the last run as memory of the next one, and keep them meanwhile.
    private void LetOrtAllocate()
    {
        foreach (ResultSlot write in _writes)
        {
            if (write.Own is null)
                _binding.BindOutputToDevice(write.Name, OrtMemoryInfo.DefaultInstance);
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
