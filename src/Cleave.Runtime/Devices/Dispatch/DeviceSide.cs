using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Sessions;

namespace Cleave.Devices.Dispatch;

/// <summary>
/// What an opened plan has on its accelerator: an executable for each segment there, a stream for launches and one for each direction of copies, and the memory of values, which all requests
/// use one after the other. Used by the thread of the lane that launches; made and disposed of while that does not run.
/// </summary>
internal sealed class DeviceSide : IDisposable
{
    private readonly IDeviceExecutable?[] _executables;
    private readonly DeviceTensor?[] _tensors;
    private readonly HostTensor?[] _staging;
    private readonly bool[] _isReadThere;

    private DeviceSide(IDevice device, DeviceOutline outline)
    {
        Device = device;
        Outline = outline;
        _executables = new IDeviceExecutable?[outline.Plan.Plan.Segments.Length];
        _tensors = new DeviceTensor?[outline.Slots];
        _staging = new HostTensor?[outline.Slots];
        _isReadThere = new bool[outline.Slots];
        IDeviceStream[] streams = AllOrNone.Open([" launches", " to " + device.Name, " from " + device.Name], what => device.CreateStream(outline.Plan.Model + what));
        (Launches, ToDevice, ToHost) = (streams[0], streams[1], streams[2]);
    }

    public IDevice Device { get; }

    public DeviceOutline Outline { get; }

    public IDeviceStream Launches { get; }

    public IDeviceStream ToDevice { get; }

    public IDeviceStream ToHost { get; }

    /// <summary>By segment; null for those on the CPU.</summary>
    public IReadOnlyList<IDeviceExecutable?> Executables => _executables;

    /// <summary>By slot: whether a segment reads it in the device's memory; others read it in the host's.</summary>
    public IReadOnlyList<bool> IsReadThere => _isReadThere;

    /// <summary>Brings the plan's segments onto the device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="outline">The plan.</param>
    /// <param name="factory">Makes their sessions.</param>
    /// <exception cref="DeviceException">There is no room for them, or the device was lost.</exception>
    /// <exception cref="CleaveException">ONNX Runtime refused one.</exception>
    public static DeviceSide Open(IDevice device, DeviceOutline outline, SessionFactory factory)
    {
        DeviceSide side = new(device, outline);
        try
        {
            Segment[] segments = outline.Plan.Plan.Segments;
            for (int i = 0; i < segments.Length; i++)
            {
                if (!segments[i].IsOnDevice)
                    continue;
                IDeviceExecutable loaded = side._executables[i] = device.Load(Program(outline.Plan.Model, segments[i], factory), side.Launches);
                CheckPlaces(loaded, device);
                int[] reads = outline.Plan.Reads[i];
                for (int r = 0; r < reads.Length; r++)
                    side._isReadThere[outline.Slot(reads[r])] |= !loaded.ReadsOnHost[r];
            }
            return side;
        }
        catch
        {
            side.Dispose();
            throw;
        }
    }

    /// <summary>The memory of a value there; of this shape.</summary>
    /// <exception cref="DeviceMemoryException">There is no room for it.</exception>
    public DeviceTensor Tensor(int slot, string name, ElementType type, long[] shape)
    {
        if (_tensors[slot] is { } present && Same(present.Shape, shape))
            return present;
        // First: the new one may need the room.
        Drop(slot);
        return _tensors[slot] = Device.Allocate(name, type, shape);
    }

    /// <summary>The memory of a value that is there.</summary>
    public DeviceTensor Tensor(int slot) => _tensors[slot] ?? throw new InvalidOperationException("The value in slot " + slot + " was read on the device before it was there.");

    /// <summary>Takes what the device allocated for a value.</summary>
    public void Adopt(int slot, DeviceTensor made)
    {
        Drop(slot);
        _tensors[slot] = made;
    }

    /// <summary>Memory of the host that a value is copied from, or read in by segments that read it there; of this shape.</summary>
    public HostTensor Staging(int slot, ElementType type, long[] shape)
    {
        if (_staging[slot] is { } present && Same(present.Shape, shape))
            return present;
        _staging[slot]?.Dispose();
        _staging[slot] = null;
        return _staging[slot] = Device.AllocateHost(type, shape);
    }

    /// <summary>Memory of the host that a value is in.</summary>
    public HostTensor Staging(int slot) => _staging[slot] ?? throw new InvalidOperationException("The value in slot " + slot + " was read on the host before it was there.");

    /// <summary>Frees the memory of all values. While nothing queued uses it.</summary>
    public void Clear()
    {
        for (int slot = 0; slot < _tensors.Length; slot++)
            Drop(slot);
    }

    public void Dispose()
    {
        Clear();
        foreach (HostTensor? staging in _staging)
            staging?.Dispose();
        foreach (IDeviceExecutable? executable in _executables)
            executable?.Dispose();
        ToHost.Dispose();
        ToDevice.Dispose();
        Launches.Dispose();
    }

    public static bool Same(IReadOnlyList<long> a, long[] b)
    {
        if (a.Count != b.Length)
            return false;
        for (int i = 0; i < b.Length; i++)
        {
            if (a[i] != b[i])
                return false;
        }
        return true;
    }

    // What the plan counted on: a node that runs elsewhere costs two copies, which nobody predicted. Where ONNX Runtime does not say what runs where, the report says so; CUDA's
    // sessions refuse to run a node elsewhere all the same (session.disable_cpu_ep_fallback).
    private static void CheckPlaces(IDeviceExecutable executable, IDevice device)
    {
        NodeAssignment[] strays = [.. (executable.Assignments ?? []).Where(a => a.Provider != device.Provider)];
        if (strays.Length == 0)
            return;
        throw new CleaveException(
            Rules.SessionFailed, null, executable.Program.Model, executable.Program.Segment,
            "ONNX Runtime runs " + string.Join(", ", strays.Select(static s => s.Operator).Distinct().Order(StringComparer.Ordinal)) + " by " + strays[0].Provider + ", not on " + device.Name);
    }

    private void Drop(int slot)
    {
        _tensors[slot]?.Dispose();
        _tensors[slot] = null;
    }

    private static DeviceProgram Program(string model, Segment segment, SessionFactory factory) => new(
        model, segment.Name, Array.ConvertAll(segment.Reads, static v => v.Name), Array.ConvertAll(segment.Writes, static v => v.Name),
        options => factory.OpenOn(segment, options))
    {
        WeightBytes = segment.WeightBytes,
        WorkspaceBytes = segment.WorkspaceBytes,
    };
}
