using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Calls;
using Cleave.Core.Graph;
using Cleave.Elements;
using Cleave.Generated;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices.Dispatch;

/// <summary>
/// What the lane that launches does for one call, request after request: copies there, launches, copies back. All of it is queued, and nothing waits but the end. A value that both sides read is
/// copied once; what stays on the device is not copied. All members but those of <see cref="Landing"/> belong to that lane's thread while a request runs.
/// </summary>
internal sealed class DeviceRun : IDisposable
{
    private readonly DeviceSide _side;
    private readonly DeviceOutline _outline;
    private readonly InputSlot[] _inputs;
    private readonly ResultSlot[] _results;
    private readonly int[] _dims;
    private readonly ResultPredictions _predictions;
    // By slot: when its copy to the device is done, where one was queued in this run and no launch was told to wait for it yet.
    private readonly IDeviceEvent?[] _underWay;
    private readonly bool[] _isThere;
    private readonly List<IDeviceEvent> _events = [];
    // The device says the shapes, whatever is declared.
    private bool _asks;

    public DeviceRun(DeviceSide side, InputSlot[] inputs, ResultSlot[] results, int[] dims, ResultPredictions predictions)
    {
        _side = side;
        _outline = side.Outline;
        _inputs = inputs;
        _results = results;
        _dims = dims;
        _predictions = predictions;
        _underWay = new IDeviceEvent?[_outline.Slots];
        _isThere = new bool[_outline.Slots];
        for (int i = 0; i < results.Length; i++)
        {
            results[i].IsOnDevice = _outline.IsMadeThere[i];
            if (_outline.GoesHome[i])
                results[i].Landing = new Landing();
        }
    }

    /// <summary>The lane that launches.</summary>
    public int Lane => _outline.Lane;

    /// <summary>Begins a request: the copies of the model's inputs.</summary>
    public void Begin()
    {
        foreach (IDeviceEvent happened in _events)
            happened.Dispose();
        _events.Clear();
        foreach (ResultSlot result in _results)
            result.Landing?.Forget();
        Array.Clear(_isThere);
        Array.Clear(_underWay);
        foreach (int input in _outline.Inputs)
            CopyThere(input);
    }

    /// <summary>A value that the lane has received from the CPU: its copy begins.</summary>
    public void Received(int result) => CopyThere(result);

    /// <summary>Queues a segment, and the copies of what the host reads of it.</summary>
    public void Launch(int segment, CancellationToken cancellation)
    {
        IDeviceExecutable executable = _side.Executables[segment]!;
        int[] reads = _outline.Plan.Reads[segment], writes = _outline.Plan.Writes[segment];
        DeviceInput[] inputs = new DeviceInput[reads.Length];
        for (int i = 0; i < reads.Length; i++)
        {
            int slot = _outline.Slot(reads[i]);
            if (executable.ReadsOnHost[i])
            {
                inputs[i] = OnHost(reads[i], slot, cancellation);
                continue;
            }
            inputs[i] = _side.Tensor(slot);
            if (_underWay[slot] is { } copied)
                _side.Launches.After(copied);
            _underWay[slot] = null;
        }
        DeviceTensor?[] outputs = Array.ConvertAll(writes, KnownResult);
        // Before the launch, and once: another request may find meanwhile that a shape was declared wrongly.
        bool[] isNew = Array.ConvertAll(outputs, static o => o is null);
        executable.Launch(inputs, outputs);
        TakeUnknown(writes, outputs, isNew, cancellation);
        CopyHome(writes);
    }

    /// <summary>Waits until everything is done, and hands the outputs over.</summary>
    /// <exception cref="DeviceException">Some of it failed.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public void Finish(CancellationToken cancellation)
    {
        _side.Launches.Synchronize(cancellation);
        for (int i = 0; i < _results.Length; i++)
        {
            if (!_outline.GoesHome[i])
                continue;
            _results[i].Landing!.Wait(cancellation);
            _results[i].Arrive();
        }
    }

    /// <summary>After a failure: waits until nothing of the request is queued any more, and frees its memory on the device.</summary>
    public void Abandon()
    {
        Drain(_side.ToDevice);
        Drain(_side.Launches);
        Drain(_side.ToHost);
        _side.Clear();
    }

    /// <summary>After a failure that may be about a shape that is not as declared: in the next run the device says the shapes.</summary>
    public void Doubt() => _asks = true;

    /// <summary>After that run.</summary>
    /// <param name="wrong">Whether it went well, so that a declared shape was wrong: from now on the device says the shapes.</param>
    public void Decide(bool wrong)
    {
        _asks = false;
        for (int i = 0; i < _results.Length; i++)
        {
            if (wrong && _outline.IsMadeThere[i])
                _predictions.Distrust(i);
        }
    }

    public void Dispose()
    {
        foreach (IDeviceEvent happened in _events)
            happened.Dispose();
        foreach (ResultSlot result in _results)
            result.Landing?.Dispose();
    }

    private void CopyThere(int source)
    {
        int slot = _outline.Slot(source);
        if (_isThere[slot] || _outline.ReadersOf[slot] == 0)
            return;
        ITensorSource from = source >= 0 ? _results[source] : _inputs[~source];
        OrtTensorTypeAndShapeInfo info = from.Tensor.GetTensorTypeAndShape();
        ElementType type = (ElementType)(int)info.ElementDataType;
        HostTensor staging = _side.Staging(slot, type, info.Shape);
        from.Tensor.GetTensorMutableRawData().CopyTo(staging.Bytes);
        for (int reader = 0; reader < _outline.ReadersOf[slot]; reader++)
            from.Release();
        _isThere[slot] = true;
        if (!_side.IsReadThere[slot])
            return;
        _side.ToDevice.CopyToDevice(staging, _side.Tensor(slot, from.Name, type, info.Shape));
        _underWay[slot] = Record(_side.ToDevice);
    }

    // A value that a segment of the device reads in the host's memory. What was made on the device is waited for: the launch depends on what is in it.
    private HostTensor OnHost(int source, int slot, CancellationToken cancellation)
    {
        if (source < 0 || !_outline.IsMadeThere[source])
            return _side.Staging(slot);
        DeviceTensor there = _side.Tensor(slot);
        HostTensor here = _side.Staging(slot, there.Type, [.. there.Shape]);
        _side.ToHost.After(Record(_side.Launches));
        _side.ToHost.CopyToHost(there, here);
        _side.ToHost.Synchronize(cancellation);
        return here;
    }

    // Memory for a result, where its shape is known before the run. If it was declared wrongly, ONNX Runtime refuses to write there, and the request runs again.
    private DeviceTensor? KnownResult(int result)
    {
        Value value = _outline.Plan.Results[result];
        if (_asks || _predictions.Expected(result, _dims) is not { } shape)
            return null;
        return _side.Tensor(result, value.Name, value.Element.Type, Array.ConvertAll(shape, static d => (long)d));
    }

    private void TakeUnknown(int[] writes, DeviceTensor?[] outputs, bool[] isNew, CancellationToken cancellation)
    {
        if (!Array.Exists(isNew, static n => n))
            return;
        try
        {
            _side.Launches.Synchronize(cancellation);
        }
        catch
        {
            // What was allocated nevertheless is nobody's otherwise.
            Drain(_side.Launches);
            for (int i = 0; i < outputs.Length; i++)
            {
                if (isNew[i])
                    outputs[i]?.Dispose();
            }
            throw;
        }
        for (int i = 0; i < writes.Length; i++)
        {
            if (isNew[i])
                _side.Adopt(writes[i], outputs[i]!);
        }
    }

    private void CopyHome(int[] writes)
    {
        IDeviceEvent? made = null;
        foreach (int result in writes)
        {
            if (!_outline.GoesHome[result])
                continue;
            if (made is null)
                _side.ToHost.After(made = Record(_side.Launches));
            DeviceTensor there = _side.Tensor(result);
            Landing landing = _results[result].Landing!;
            long[] shape = [.. there.Shape];
            _side.ToHost.CopyToHost(there, landing.Prepare(_side.Device, there.Type, shape));
            landing.Queued(_side.ToHost.Record());
        }
    }

    private IDeviceEvent Record(IDeviceStream stream)
    {
        IDeviceEvent happened = stream.Record();
        _events.Add(happened);
        return happened;
    }

    private static void Drain(IDeviceStream stream)
    {
        try
        {
            stream.Synchronize();
        }
        catch (DeviceException)
        {
            // Of a request that has failed already; what is thrown is what failed first.
        }
    }
}
