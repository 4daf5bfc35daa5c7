using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices.Cuda;

/// <summary>A session on the CUDA provider, whose kernels go to one stream.</summary>
internal sealed class CudaExecutable : IDeviceExecutable
{
    // ONNX Runtime's name for memory of the host that a GPU copies from by itself.
    private const string Pinned = "CudaPinned";

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
        ReadsOnHost = HostReads(session, program);
        _binding = session.CreateIoBinding();
        // The run ends when its kernels are queued: what waits for them is the stream.
        _options.AddRunConfigEntry("disable_synchronize_execution_providers", "1");
    }

    public DeviceProgram Program { get; }

    public IReadOnlyList<NodeAssignment>? Assignments { get; }

    public IReadOnlyList<bool> ReadsOnHost { get; }

    public void Launch(DeviceInput[] inputs, DeviceTensor?[] outputs)
    {
        try
        {
            _device.Use();
            Bind(inputs, outputs);
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
        // What ONNX Runtime frees is freed on the thread's device.
        _device.ToFree();
        _binding.Dispose();
        _options.Dispose();
        _session.Dispose();
        _device.Release(_bytes);
    }

    // A value in the other memory ONNX Runtime would copy while it is bound: at once, without waiting for what writes it on a stream.
    private static bool[] HostReads(InferenceSession session, DeviceProgram program)
    {
        using IDisposableReadOnlyCollection<OrtMemoryInfo> places = session.GetMemoryInfosForInputs();
        Dictionary<string, bool> onHost = new(StringComparer.Ordinal);
        foreach ((string name, OrtMemoryInfo place) in session.InputNames.Zip(places))
            onHost[name] = place.Name == OrtMemoryInfo.DefaultInstance.Name || place.Name == Pinned;
        return Array.ConvertAll(program.Reads, name => onHost.GetValueOrDefault(name));
    }

    private void Bind(DeviceInput[] inputs, DeviceTensor?[] outputs)
    {
        for (int i = 0; i < inputs.Length; i++)
            _binding.BindInput(Program.Reads[i], inputs[i].Here is { } here ? here.Value : ((CudaTensor)inputs[i].There!).Value);
        for (int i = 0; i < outputs.Length; i++)
        {
            if (outputs[i] is CudaTensor own)
                _binding.BindOutput(Program.Writes[i], own.Value);
            else
                _binding.BindOutputToDevice(Program.Writes[i], _device.Memory);
        }
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
