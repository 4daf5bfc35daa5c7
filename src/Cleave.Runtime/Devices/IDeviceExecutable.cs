using System;
using System.Collections.Generic;
using Cleave.Sessions;

namespace Cleave.Devices;

/// <summary>A part of a model on a device. Launched by one thread at a time, that of its stream.</summary>
internal interface IDeviceExecutable : IDisposable
{
    DeviceProgram Program { get; }

    /// <summary>Who runs its nodes, as ONNX Runtime says; null where that does not say.</summary>
    IReadOnlyList<NodeAssignment>? Assignments { get; }

    /// <summary>By input, in the program's order: whether it is read in the host's memory, as a shape is, which says how much memory results take.</summary>
    IReadOnlyList<bool> ReadsOnHost { get; }

    /// <summary>Queues a run on the stream that it was loaded for.</summary>
    /// <param name="inputs">What it reads, in the program's order; on this device, or in the host's memory, as <see cref="ReadsOnHost"/> says. What is on the host is there already.</param>
    /// <param name="outputs">
    /// Where it writes, in the program's order. Null: the device allocates it, and it is here once the stream was synchronised; the caller then owns it.
    /// </param>
    /// <exception cref="DeviceMemoryException">There is no room for the run.</exception>
    /// <exception cref="DeviceLostException">The device was lost.</exception>
    /// <exception cref="CleaveException">ONNX Runtime failed otherwise (CLV4008).</exception>
    void Launch(DeviceInput[] inputs, DeviceTensor?[] outputs);
}
