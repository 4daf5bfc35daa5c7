using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Devices;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// An instance on a device with memory of its own. It has a stream for each direction of copies and one for launches, so that one batch is copied there while another
/// runs and a third is copied back. Inputs are rows of floats, as outputs are.
/// </summary>
internal sealed class DeviceInstance : IMemberInstance
{
    private const int Under = 3;

    private readonly IDevice _device;
    private readonly int _member;
    private readonly (string Name, int Width)[] _inputs;
    private readonly (string Name, int Width)[] _outputs;
    private readonly IDeviceStream _up;
    private readonly IDeviceStream _compute;
    private readonly IDeviceStream _down;
    private readonly IDeviceExecutable _executable;
    private readonly Dictionary<int, Buffers>[] _buffers = [[], [], []];
    private readonly Buffers?[] _now = new Buffers?[Under];
    private readonly IDeviceEvent?[] _event = new IDeviceEvent?[Under];

    /// <param name="device">Where it is.</param>
    /// <param name="program">The model; disposed of never.</param>
    /// <param name="member">The member's place.</param>
    /// <param name="batch">The most samples at once.</param>
    /// <param name="inputs">The elements of a row of each input, in the program's order.</param>
    /// <param name="outputs">The elements of a row of each output.</param>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public DeviceInstance(IDevice device, DeviceProgram program, int member, int batch, int[] inputs, int[] outputs)
    {
        _device = device;
        _member = member;
        Batch = batch;
        _inputs = new (string, int)[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            _inputs[i] = (program.Reads[i], inputs[i]);
        _outputs = new (string, int)[outputs.Length];
        for (int o = 0; o < outputs.Length; o++)
            _outputs[o] = (program.Writes[o], outputs[o]);
        _up = device.CreateStream(program.Model + " up");
        _compute = device.CreateStream(program.Model);
        _down = device.CreateStream(program.Model + " down");
        _executable = device.Load(program, _compute);
        try
        {
            // What a full batch takes is there before the first request.
            for (int slot = 0; slot < Under; slot++)
                Of(slot, batch);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name => _device.Name;

    public int Batch { get; }

    public int Slots => Under;

    public IDevice? Device => _device;

    public bool IsLost => _device.IsLost;

    public void Load(EnsembleJob job, int at, int count, int slot)
    {
        TensorJob tensors = (TensorJob)job;
        // A batch that was dropped on its way may still be copied from here.
        Settle(slot);
        Buffers buffers = _now[slot] = Of(slot, count);
        for (int i = 0; i < _inputs.Length; i++)
        {
            tensors.Input(i, at, count).CopyTo(buffers.HostInputs[i].Bytes);
            _up.CopyToDevice(buffers.HostInputs[i], buffers.Inputs[i]);
        }
        Mark(slot, _up);
    }

    public void Predict(int slot)
    {
        _compute.After(_event[slot]!);
        _executable.Launch(_now[slot]!.Inputs, _now[slot]!.Outputs);
        Mark(slot, _compute);
    }

    public void Receive(int slot)
    {
        Buffers buffers = _now[slot]!;
        _down.After(_event[slot]!);
        for (int o = 0; o < _outputs.Length; o++)
            _down.CopyToHost(buffers.Outputs[o]!, buffers.HostOutputs[o]);
        Mark(slot, _down);
        _event[slot]!.Wait();
    }

    public void Add(EnsembleJob job, int at, int count, int slot)
    {
        for (int o = 0; o < _outputs.Length; o++)
            ((TensorJob)job).Add(_member, o, at, MemoryMarshal.Cast<byte, float>(_now[slot]!.HostOutputs[o].Bytes));
    }

    public void Dispose()
    {
        for (int slot = 0; slot < Under; slot++)
            Settle(slot);
        foreach (Dictionary<int, Buffers> slot in _buffers)
        {
            foreach (Buffers buffers in slot.Values)
                buffers.Dispose();
        }
        _executable.Dispose();
        _up.Dispose();
        _compute.Dispose();
        _down.Dispose();
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

    private void Mark(int slot, IDeviceStream stream)
    {
        IDeviceEvent happened = stream.Record();
        _event[slot]?.Dispose();
        _event[slot] = happened;
    }

    private Buffers Of(int slot, int count)
    {
        if (!_buffers[slot].TryGetValue(count, out Buffers? buffers))
            _buffers[slot].Add(count, buffers = new Buffers(_device, _inputs, _outputs, count));
        return buffers;
    }

    /// <summary>Memory of a batch, here and there.</summary>
    private sealed class Buffers : IDisposable
    {
        public Buffers(IDevice device, (string Name, int Width)[] inputs, (string Name, int Width)[] outputs, int count)
        {
            Inputs = Array.ConvertAll(inputs, i => device.Allocate(i.Name, ElementType.Float, [count, i.Width]));
            HostInputs = Array.ConvertAll(inputs, i => device.AllocateHost(ElementType.Float, [count, i.Width]));
            Outputs = Array.ConvertAll<(string Name, int Width), DeviceTensor?>(outputs, o => device.Allocate(o.Name, ElementType.Float, [count, o.Width]));
            HostOutputs = Array.ConvertAll(outputs, o => device.AllocateHost(ElementType.Float, [count, o.Width]));
        }

        public DeviceTensor[] Inputs { get; }

        public HostTensor[] HostInputs { get; }

        public DeviceTensor?[] Outputs { get; }

        public HostTensor[] HostOutputs { get; }

        public void Dispose()
        {
            foreach (DeviceTensor tensor in Inputs)
                tensor.Dispose();
            foreach (DeviceTensor? tensor in Outputs)
                tensor?.Dispose();
            foreach (HostTensor tensor in HostInputs)
                tensor.Dispose();
            foreach (HostTensor tensor in HostOutputs)
                tensor.Dispose();
        }
    }
}
