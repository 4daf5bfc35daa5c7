using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Devices;

/// <summary>
/// A processor with memory of its own beside the CPU: it holds executables and tensors, and works through streams while the CPU goes on. What it does may fail
/// with <see cref="DeviceMemoryException"/>, <see cref="DeviceLostException"/> or, where its driver refuses, <see cref="DeviceUnavailableException"/>; a device that is lost stays lost.
/// Thread-safe. Disposed of after all that was made on it.
/// </summary>
internal interface IDevice : IDisposable
{
    /// <summary>Kind and number, for example <c>cuda:0</c>.</summary>
    string Name { get; }

    /// <summary>ONNX Runtime's name of the execution provider that runs nodes on it.</summary>
    string Provider { get; }

    /// <summary>The most bytes that may be used of it; no more than it has.</summary>
    long MemoryLimit { get; }

    /// <summary>Bytes of tensors and executables on it now, as far as they are known before it allocates them.</summary>
    long MemoryUsed { get; }

    /// <summary>Bytes that can be had of it now: what the limit leaves, and no more than nobody uses, in this process or another.</summary>
    /// <exception cref="DeviceException">It does not say.</exception>
    long MemoryLeft();

    /// <summary>Whether it was lost: nothing on it can be used any more.</summary>
    bool IsLost { get; }

    /// <summary>A queue of work. One for launches, and one for each direction of copies, overlap all that can.</summary>
    /// <param name="name">For people.</param>
    IDeviceStream CreateStream(string name);

    /// <summary>Brings a part of a model onto the device.</summary>
    /// <param name="program">The part.</param>
    /// <param name="stream">Where it is to be launched, this device's.</param>
    /// <exception cref="DeviceMemoryException">There is no room for its weights.</exception>
    /// <exception cref="CleaveException">ONNX Runtime refused it.</exception>
    IDeviceExecutable Load(DeviceProgram program, IDeviceStream stream);

    /// <summary>Memory on the device; what is in it nobody knows.</summary>
    /// <param name="name">The value that it is for, for messages.</param>
    /// <param name="type">An element type of fixed size.</param>
    /// <param name="shape">May be empty, or hold zeros.</param>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    DeviceTensor Allocate(string name, ElementType type, IReadOnlyList<long> shape);

    /// <summary>Memory of the host that the device copies from and to without help by the CPU (pinned).</summary>
    /// <param name="type">An element type of fixed size.</param>
    /// <param name="shape">May be empty, or hold zeros.</param>
    HostTensor AllocateHost(ElementType type, IReadOnlyList<long> shape);
}
