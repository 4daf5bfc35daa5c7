using System;
using Cleave.Devices;
using Cleave.Devices.Dispatch;

namespace Cleave.Ensembles.Serving;

/// <summary>Memory of a batch, on the device and on the host. What the device allocates for an output comes and goes with each run.</summary>
internal sealed class BatchBuffers : IDisposable
{
    private readonly IDevice _device;
    private readonly bool[] _isMadeThere;

    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public BatchBuffers(IDevice device, BatchShape shape)
    {
        _device = device;
        Shape = shape;
        Inputs = new DeviceTensor[shape.Inputs.Length];
        HostInputs = new HostTensor[shape.Inputs.Length];
        Outputs = new DeviceTensor?[shape.Outputs.Length];
        HostOutputs = new HostTensor[shape.Outputs.Length];
        _isMadeThere = Array.ConvertAll(shape.Outputs, static o => o.Shape is null);
        try
        {
            for (int i = 0; i < Inputs.Length; i++)
            {
                Inputs[i] = device.Allocate(shape.Inputs[i].Name, shape.Inputs[i].Type, shape.Inputs[i].Shape!);
                HostInputs[i] = device.AllocateHost(shape.Inputs[i].Type, shape.Inputs[i].Shape!);
            }
            for (int o = 0; o < Outputs.Length; o++)
            {
                if (shape.Outputs[o] is not { Shape: { } known } output)
                    continue;
                Outputs[o] = device.Allocate(output.Name, output.Type, known);
                HostOutputs[o] = device.AllocateHost(output.Type, known);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public BatchShape Shape { get; }

    public DeviceTensor[] Inputs { get; }

    public HostTensor[] HostInputs { get; }

    public DeviceTensor?[] Outputs { get; }

    public HostTensor[] HostOutputs { get; }

    /// <summary>Whether a run says the shape of an output: then it is over before that is copied.</summary>
    public bool WaitsForShapes => Array.Exists(_isMadeThere, static m => m);

    public bool IsFor(BatchShape shape)
    {
        for (int i = 0; i < Inputs.Length; i++)
        {
            if (!DeviceSide.Same(Shape.Inputs[i].Shape!, shape.Inputs[i].Shape!))
                return false;
        }
        return true;
    }

    /// <summary>Frees what the device made in the run before, and is to make again.</summary>
    public void Forget()
    {
        for (int o = 0; o < Outputs.Length; o++)
        {
            if (!_isMadeThere[o])
                continue;
            Outputs[o]?.Dispose();
            Outputs[o] = null;
        }
    }

    /// <summary>Memory of the host for what the device made; after the run.</summary>
    public void Prepare()
    {
        for (int o = 0; o < Outputs.Length; o++)
        {
            if (!_isMadeThere[o] || (HostOutputs[o] is { } present && DeviceSide.Same(present.Shape, [.. Outputs[o]!.Shape])))
                continue;
            HostOutputs[o]?.Dispose();
            HostOutputs[o] = _device.AllocateHost(Outputs[o]!.Type, Outputs[o]!.Shape);
        }
    }

    public void Dispose()
    {
        foreach (DeviceTensor? tensor in Inputs)
            tensor?.Dispose();
        foreach (DeviceTensor? tensor in Outputs)
            tensor?.Dispose();
        foreach (HostTensor? tensor in HostInputs)
            tensor?.Dispose();
        foreach (HostTensor? tensor in HostOutputs)
            tensor?.Dispose();
    }
}
