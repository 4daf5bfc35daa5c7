using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Calls;
using Cleave.Devices.Dispatch;
using Cleave.Generated;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Elements;

/// <summary>
/// What one segment writes, in one run after another: an output of the model, a value that other segments read, or both.
/// Where its shape is known it has memory of its own, which the segments are bound to; otherwise ONNX Runtime allocates it in
/// each run, and it is freed once the last reader has run. Written by one lane, read by others after it was published.
/// </summary>
internal sealed class ResultSlot(int index, Value value, OutputSlot? output, int readers) : ITensorSource, IDisposable
{
    private int[] _shape = [];
    private OrtValue? _own;
    private OrtValue? _result;
    private int _unread;
    private int _published;

    public string Name => value.Name;

    /// <summary>Memory that stays from run to run.</summary>
    public OrtValue? Own => output is null ? _own : output.Own;

    /// <summary>Where it arrives that an accelerator makes, if the host reads it; null for what the CPU makes.</summary>
    public Landing? Landing { get; set; }

    /// <summary>Whether an accelerator makes it.</summary>
    public bool IsOnDevice { get; set; }

    public OrtValue Tensor => Landing?.Tensor ?? _result ?? Own ?? throw new InvalidOperationException("The value '" + Name + "' was read before it was written.");

    public bool IsFixed => !IsOnDevice && Own != null;

    /// <summary>Bytes of a value inside the model; the outputs count their own.</summary>
    public long ByteLength { get; private set; }

    /// <summary>Lets other lanes see what was written in this run.</summary>
    public void Publish(int run) => Volatile.Write(ref _published, run);

    public bool IsPublished(int run) => Volatile.Read(ref _published) == run;

    /// <summary>Takes over what ONNX Runtime made.</summary>
    public void Take(OrtValue result, ResultPredictions predictions)
    {
        if (Own != null && !IsOwn(result))
        {
            // ONNX Runtime hands on what it has (an input, say) instead of writing into our memory.
            predictions.Distrust(index);
            UnbindOwn();
        }
        if (Own is null)
        {
            int[] shape = Array.ConvertAll(result.GetTensorTypeAndShape().Shape, static d => checked((int)d));
            _shape = shape;
            output?.Take(result, shape);
            if (readers > 0)
            {
                Volatile.Write(ref _unread, readers);
                _result = result;
                return;
            }
        }
        result.Dispose();
    }

    /// <summary>Hands over the output of the model that has landed.</summary>
    public void Arrive()
    {
        if (output is null)
            return;
        int[] shape = Array.ConvertAll(Landing!.Tensor.GetTensorTypeAndShape().Shape, static d => checked((int)d));
        // Another mode of the runner may have given the output memory of its own.
        if (output.Own is { } own && output.Shape.AsSpan().SequenceEqual(shape))
        {
            Landing.Memory.Bytes.CopyTo(own.GetTensorMutableRawData());
            return;
        }
        output.UnbindOwn();
        output.Take(Landing.Tensor, shape);
    }

    /// <summary>Gives it memory of its own where it came as declared, or always comes as it did. The next run shows whether it is written to.</summary>
    public void BindOwn(ReadOnlySpan<int> dims, ResultPredictions predictions)
    {
        if (IsOnDevice || Own != null || !predictions.Hold(index, dims, _shape))
            return;
        if (output != null)
        {
            output.BindOwn();
            return;
        }
        _own = value.Element.Allocate(_shape);
        ByteLength = _own is null ? 0 : _own.GetTensorMutableRawData().Length;
    }

    public void UnbindOwn()
    {
        output?.UnbindOwn();
        _own?.Dispose();
        _own = null;
        ByteLength = 0;
    }

    public void Release()
    {
        if (_result != null && Interlocked.Decrement(ref _unread) == 0)
            Drop();
    }

    /// <summary>Lets go of what ONNX Runtime allocated, whether or not it was read. While no lane runs.</summary>
    public void Drop()
    {
        _result?.Dispose();
        _result = null;
    }

    public void Dispose()
    {
        Drop();
        _own?.Dispose();
    }

    private bool IsOwn(OrtValue result)
    {
        if (output != null)
            return output.IsOwn(result);
        Span<byte> bytes = result.GetTensorMutableRawData();
        return bytes.IsEmpty
            || Unsafe.AreSame(ref MemoryMarshal.GetReference(bytes), ref MemoryMarshal.GetReference(_own!.GetTensorMutableRawData()));
    }
}
