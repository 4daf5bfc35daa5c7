using Cleave.Devices;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// An instance on a device with memory of its own. It has a stream for each direction of copies and one for launches, so that one batch is copied there while another
/// runs and a third is copied back.
/// </summary>
internal sealed class DeviceInstance : IMemberInstance
{
    /// <summary>Batches under way: one that is copied there, one that runs, one that is copied back. More would only be decided too early.</summary>
    public const int Under = 3;

    private readonly IDevice _device;
    private readonly IDeviceRows _rows;
    private readonly IDeviceStream _up;
    private readonly IDeviceStream _compute;
    private readonly IDeviceStream _down;
    private readonly IDeviceExecutable _executable;
    // Of full batches, and of the last other one: there are as many sizes as requests have rests.
    private readonly BatchBuffers?[] _full = new BatchBuffers?[Under];
    private readonly BatchBuffers?[] _other = new BatchBuffers?[Under];
    private readonly BatchBuffers?[] _now = new BatchBuffers?[Under];
    private readonly IDeviceEvent?[] _event = new IDeviceEvent?[Under];

    /// <param name="device">Where it is.</param>
    /// <param name="program">The model; disposed of never.</param>
    /// <param name="rows">Where its samples are, and where its outputs go.</param>
    /// <param name="batch">The most samples at once.</param>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public DeviceInstance(IDevice device, DeviceProgram program, IDeviceRows rows, int batch)
    {
        _device = device;
        _rows = rows;
        Batch = batch;
        try
        {
            _up = device.CreateStream(program.Model + " up");
            _compute = device.CreateStream(program.Model);
            _down = device.CreateStream(program.Model + " down");
            _executable = device.Load(program, _compute);
        }
        catch
        {
            Free();
            throw;
        }
    }

    public string Name => _device.Name;

    public int Batch { get; }

    public int Slots => Under;

    public IDevice? Device => _device;

    public bool IsLost => _device.IsLost;

    public void Load(EnsembleRequest request, int at, int count, int slot)
    {
        // A batch that was dropped on its way may still be copied from here.
        Settle(slot);
        BatchBuffers buffers = _now[slot] = Of(slot, request, count);
        buffers.Forget();
        for (int i = 0; i < buffers.Inputs.Length; i++)
        {
            _rows.Input(request, i, at, count).CopyTo(buffers.HostInputs[i].Bytes);
            if (!_executable.ReadsOnHost[i])
                _up.CopyToDevice(buffers.HostInputs[i], buffers.Inputs[i]);
        }
        Mark(slot, _up);
    }

    public void Predict(int slot)
    {
        _compute.After(_event[slot]!);
        BatchBuffers buffers = _now[slot]!;
        DeviceInput[] inputs = new DeviceInput[buffers.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = _executable.ReadsOnHost[i] ? buffers.HostInputs[i] : buffers.Inputs[i];
        try
        {
            _executable.Launch(inputs, buffers.Outputs);
        }
        catch (CleaveException e) when (e is not DeviceException)
        {
            // After a fault, libraries name what they were at. Whether it is the device's loss, the device says when it is waited for.
            Drain(_compute);
            if (_device.IsLost)
                throw new DeviceLostException(_device.Name, _executable.Program.Title, e.Message, e);
            throw;
        }
        Mark(slot, _compute);
    }

    public void Receive(int slot)
    {
        BatchBuffers buffers = _now[slot]!;
        if (buffers.WaitsForShapes)
        {
            _event[slot]!.Wait();
            buffers.Prepare();
        }
        _down.After(_event[slot]!);
        for (int o = 0; o < buffers.Outputs.Length; o++)
            _down.CopyToHost(buffers.Outputs[o]!, buffers.HostOutputs[o]);
        Mark(slot, _down);
        _event[slot]!.Wait();
    }

    public void Add(EnsembleRequest request, int at, int count, int slot) => _rows.Add(request, at, count, _now[slot]!.HostOutputs);

    public void Dispose()
    {
        for (int slot = 0; slot < Under; slot++)
        {
            Settle(slot);
            _full[slot]?.Dispose();
            _other[slot]?.Dispose();
            _event[slot]?.Dispose();
        }
        Free();
    }

    // Where it could not be opened, some of it is not there.
    private void Free()
    {
        _executable?.Dispose();
        _up?.Dispose();
        _compute?.Dispose();
        _down?.Dispose();
    }

    // What failed there was told when it did.
    private void Settle(int slot)
    {
        try
        {
            _event[slot]?.Wait();
        }
        catch (CleaveException)
        {
        }
    }

    private static void Drain(IDeviceStream stream)
    {
        try
        {
            stream.Synchronize();
        }
        catch (CleaveException)
        {
        }
    }

    private void Mark(int slot, IDeviceStream stream)
    {
        IDeviceEvent happened = stream.Record();
        _event[slot]?.Dispose();
        _event[slot] = happened;
    }

    private BatchBuffers Of(int slot, EnsembleRequest request, int count)
    {
        BatchShape shape = _rows.Shape(request, count);
        BatchBuffers?[] kept = count == Batch ? _full : _other;
        if (kept[slot] is { } present && present.IsFor(shape))
            return present;
        // First: the new one may need the room.
        kept[slot]?.Dispose();
        kept[slot] = null;
        BatchBuffers made = new(_device, shape);
        kept[slot] = made;
        return made;
    }
}
