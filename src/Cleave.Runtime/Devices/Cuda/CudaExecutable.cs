using System;
using System.Collections.Generic;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices.Cuda;

/// <summary>A session on the CUDA provider, whose kernels go to one stream.</summary>
internal sealed class CudaExecutable : IDeviceExecutable
{
    private readonly CudaDevice _device;
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private readonly long _bytes;

    public CudaExecutable(CudaDevice device, DeviceProgram program, InferenceSession session, long bytes)
    {
        _device = device;
        Program = program;
        _session = session;
        _bytes = bytes;
        Assignments = NodeAssignments.Of(session);
        _binding = session.CreateIoBinding();
        // The run ends when its kernels are queued: what waits for them is the stream.
        _options.AddRunConfigEntry("disable_synchronize_execution_providers", "1");
    }

    public DeviceProgram Program { get; }

    public IReadOnlyList<NodeAssignment>? Assignments { get; }

    public void Launch(DeviceTensor[] inputs, DeviceTensor?[] outputs)
    {
        for (int i = 0; i < inputs.Length; i++)
            _binding.BindInput(Program.Reads[i], ((CudaTensor)inputs[i]).Value);
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] is CudaTensor own)
                _binding.BindOutput(Program.Writes[i], own.Value);
            else
                _binding.BindOutputToDevice(Program.Writes[i], _device.Memory);
        }
        try
        {
            _device.Use();
            _session.RunWithBinding(_options, _binding);
        }
        catch (OnnxRuntimeException e)
        {
            throw _device.Failure(e, Program.Title) ?? new CleaveException(Rules.RunFailed, e, Program.Model, Program.Segment, e.Message);
        }
        Take(outputs);
    }

    public void Dispose()
    {
        _device.ToFree();
        _binding.Dispose();
        _options.Dispose();
        _session.Dispose();
        _device.Release(_bytes);
    }

    private void Take(DeviceTensor?[] outputs)
    {
        if (Array.TrueForAll(outputs, static o => o != null))
            return;
        // Results come in the order in which outputs were bound.
        IReadOnlyList<OrtValue> results = _binding.GetOutputValues();
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] != null)
            {
                results[i].Dispose();
                continue;
            }
            OrtTensorTypeAndShapeInfo info = results[i].GetTensorTypeAndShape();
            outputs[i] = new CudaTensor(_device, Program.Writes[i], (ElementType)(int)info.ElementDataType, info.Shape, results[i], address: 0);
        }
        _binding.ClearBoundOutputs();
    }
}
