using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Emulator;

/// <summary>A program on an emulated device.</summary>
/// <param name="device">The device.</param>
/// <param name="program">The program.</param>
/// <param name="stream">Where it is launched.</param>
/// <param name="session">What computes its results; null: nothing does.</param>
internal sealed class EmulatedExecutable(EmulatedDevice device, DeviceProgram program, EmulatedStream stream, InferenceSession? session) : IDeviceExecutable
{
    public DeviceProgram Program => program;

    /// <summary>As a provider would have it that has every operator but those that the profile says it lacks.</summary>
    public IReadOnlyList<NodeAssignment>? Assignments { get; } = session is null ? null
        : NodeAssignments.Of(session)?.Select(n => device.Profile.Lacks.Contains(n.Operator) ? n : n with { Provider = device.Provider }).ToArray();

    public IReadOnlyList<bool> ReadsOnHost { get; } = Array.ConvertAll(program.Reads, name => device.Profile.ReadsOnHost(program.Segment, name));

    public void Launch(DeviceInput[] inputs, DeviceTensor?[] outputs)
    {
        device.ThrowIfLost(program.Title);
        if (Enumerable.Range(0, inputs.Length).FirstOrDefault(i => ReadsOnHost[i] != (inputs[i].Here is not null), -1) is >= 0 and var wrong)
            throw new InvalidOperationException($"'{program.Title}' reads '{program.Reads[wrong]}' in the memory of the {(ReadsOnHost[wrong] ? "host" : "device")}, and got it in the other's.");
        EmulatedTensor?[] reads = Array.ConvertAll(inputs, i => i.There is { } there ? device.Own(there) : null);
        EmulatedTensor?[] writes = Array.ConvertAll(outputs, o => o is null ? null : device.Own(o));
        if (session is null && Array.IndexOf(writes, null) is >= 0 and var unknown)
            throw new InvalidOperationException("Without computing nobody knows the shape of '" + program.Writes[unknown] + "'.");
        double time = device.Profile.LaunchTime(program, Array.ConvertAll(inputs, static i => i.There?.Shape ?? i.Here!.Shape));
        bool isLost = device.Faults.Strikes(FaultKind.LostAtRun);
        // As ONNX Runtime allocates: before a kernel starts.
        if (device.Faults.Strikes(FaultKind.OutOfMemoryAtRun))
            throw new DeviceMemoryException(device.Name, program.Title, program.WorkspaceBytes, device.MemoryUsed, device.MemoryLimit);
        if (device.Faults.Strikes(FaultKind.LostUnnoticed))
            throw new CleaveException(Rules.RunFailed, device.Lose(program.Title), program.Model, program.Segment, "CUDNN failure 5003: CUDNN_STATUS_EXECUTION_FAILED_CUDART");
        Busy(device.Profile.LaunchCost);
        foreach (EmulatedTensor tensor in Tensors())
            tensor.Use();
        stream.Add(new Work(program.Title, DeviceEngine.Compute, 0, EmulatedDevice.Ticks(time), Effect, Ended, session != null));

        void Effect()
        {
            if (isLost)
                throw device.Lose(program.Title);
            if (session != null)
                Compute(inputs, reads, writes, outputs);
        }

        void Ended()
        {
            foreach (EmulatedTensor tensor in Tensors())
                tensor.Unuse();
        }

        IEnumerable<EmulatedTensor> Tensors()
        {
            foreach (EmulatedTensor? tensor in reads.Concat(writes))
            {
                if (tensor != null)
                    yield return tensor;
            }
        }
    }

    public void Dispose()
    {
        session?.Dispose();
        device.Free(program.WeightBytes + program.WorkspaceBytes);
    }

    private void Compute(DeviceInput[] inputs, EmulatedTensor?[] reads, EmulatedTensor?[] writes, DeviceTensor?[] outputs)
    {
        try
        {
            using OrtIoBinding binding = session!.CreateIoBinding();
            for (int i = 0; i < reads.Length; i++)
                binding.BindInput(program.Reads[i], reads[i]?.Memory ?? inputs[i].Here!.Value);
            for (int i = 0; i < writes.Length; i++)
            {
                if (writes[i] is { } own)
                    binding.BindOutput(program.Writes[i], own.Memory);
                else
                    binding.BindOutputToDevice(program.Writes[i], OrtMemoryInfo.DefaultInstance);
            }
            using RunOptions options = new();
            session.RunWithBinding(options, binding);
            IReadOnlyList<OrtValue> results = binding.GetOutputValues();
            for (int i = 0; i < writes.Length; i++)
                Take(results[i], i, writes[i], outputs);
        }
        catch (OnnxRuntimeException e)
        {
            throw new CleaveException(Rules.RunFailed, e, program.Model, program.Segment, e.Message);
        }
    }

    private void Take(OrtValue result, int index, EmulatedTensor? own, DeviceTensor?[] outputs)
    {
        if (own is null)
        {
            OrtTensorTypeAndShapeInfo info = result.GetTensorTypeAndShape();
            outputs[index] = device.Adopt(program.Writes[index], (ElementType)(int)info.ElementDataType, info.Shape, result);
            return;
        }
        // What ONNX Runtime hands on instead of writing it (an input as output) comes in memory of its own.
        if (!result.GetTensorMutableRawData().Overlaps(own.Bytes))
            result.GetTensorMutableRawData().CopyTo(own.Bytes);
        result.Dispose();
    }

    // The thread that launches works meanwhile, as it does for a real device.
    private static void Busy(double nanoseconds)
    {
        long end = Stopwatch.GetTimestamp() + EmulatedDevice.Ticks(nanoseconds);
        while (Stopwatch.GetTimestamp() < end)
            System.Threading.Thread.SpinWait(4);
    }
}
