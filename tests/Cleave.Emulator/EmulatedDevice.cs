using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Emulator;

/// <summary>
/// A device that is none: it computes on the CPU or not at all, and takes the time that its profile says. It has memory of its own, a limit, streams, one engine
/// for runs and one for each direction of copies, and failures to order. What on a real device would be a race, or an access from the wrong side, throws here or
/// gives rubbish. Thread-safe.
/// </summary>
internal sealed class EmulatedDevice : IDevice
{
    private long _used;
    private int _streams;
    private long _peak;
    private DeviceLostException? _lost;

    public EmulatedDevice(EmulatorProfile profile, string name = "emulated:0")
    {
        Profile = profile;
        Name = name;
        Clock = new WorkClock(name);
    }

    public string Name { get; }

    public string Provider => "EmulatedExecutionProvider";

    public EmulatorProfile Profile { get; }

    public Faults Faults { get; } = new();

    public long MemoryLimit => Profile.MemoryLimit;

    public long MemoryUsed => Interlocked.Read(ref _used);

    /// <summary>The most that was ever used.</summary>
    public long MemoryPeak => Interlocked.Read(ref _peak);

    /// <summary>Streams that were not disposed.</summary>
    public int OpenStreams => Volatile.Read(ref _streams);

    public bool IsLost => Volatile.Read(ref _lost) != null;

    /// <summary>All that it did so far, by end.</summary>
    public IReadOnlyList<DeviceOperation> Operations => Clock.Log;

    /// <summary>How often the CPU took longer to compute than the profile says: those times say nothing.</summary>
    public int Overruns => Clock.Overruns;

    public WorkClock Clock { get; }

    public long MemoryLeft() => MemoryLimit - MemoryUsed;

    public IDeviceStream CreateStream(string name)
    {
        ThrowIfLost(name);
        Interlocked.Increment(ref _streams);
        return new EmulatedStream(this, name);
    }

    public void Close(EmulatedStream _) => Interlocked.Decrement(ref _streams);

    public IDeviceExecutable Load(DeviceProgram program, IDeviceStream stream)
    {
        ThrowIfLost(program.Title);
        if (!ReferenceEquals(stream.Device, this))
            throw new ArgumentException("The stream is one of '" + stream.Device.Name + "', not of '" + Name + "'.", nameof(stream));
        long bytes = program.WeightBytes + program.WorkspaceBytes;
        Take(program.Title, bytes, FaultKind.OutOfMemoryAtLoad);
        try
        {
            return new EmulatedExecutable(this, program, (EmulatedStream)stream, Profile.Computes ? Open(program) : null);
        }
        catch
        {
            Free(bytes);
            throw;
        }
    }

    public DeviceTensor Allocate(string name, ElementType type, IReadOnlyList<long> shape)
    {
        ThrowIfLost(name);
        Take(name, TensorBytes.Of(type, shape), FaultKind.OutOfMemoryAtAllocation);
        // The tensor owns the memory from here on.
        EmulatedTensor tensor = new(this, name, type, shape, HostTensor.Allocate(type, shape).Value);
        tensor.Bytes.Fill(EmulatedTensor.Rubbish);
        return tensor;
    }

    public HostTensor AllocateHost(ElementType type, IReadOnlyList<long> shape)
    {
        HostTensor tensor = HostTensor.Allocate(type, shape);
        tensor.Bytes.Fill(EmulatedTensor.Rubbish);
        return tensor;
    }

    public void Dispose() => Clock.Dispose();

    /// <summary>The tensor, which must be one of this device.</summary>
    /// <exception cref="InvalidOperationException">It is another device's: a real one would read rubbish there, or fail.</exception>
    public EmulatedTensor Own(DeviceTensor tensor)
    {
        if (!ReferenceEquals(tensor.Device, this))
            throw new InvalidOperationException("The value '" + tensor.Name + "' lies on '" + tensor.Device.Name + "', and '" + Name + "' cannot reach it.");
        EmulatedTensor own = (EmulatedTensor)tensor;
        // Asked for here, not only when it is used.
        _ = own.Memory;
        return own;
    }

    /// <summary>A tensor of memory that a run made.</summary>
    public EmulatedTensor Adopt(string name, ElementType type, IReadOnlyList<long> shape, OrtValue memory)
    {
        Take(name, TensorBytes.Of(type, shape), FaultKind.OutOfMemoryAtAllocation);
        return new EmulatedTensor(this, name, type, shape, memory);
    }

    public void Free(long bytes) => Interlocked.Add(ref _used, -bytes);

    public DeviceLostException Lose(string what)
    {
        DeviceLostException lost = new(Name, what, "the emulator was told to lose it");
        Interlocked.CompareExchange(ref _lost, lost, null);
        Clock.Lose(_lost!);
        return _lost!;
    }

    public void ThrowIfLost(string what)
    {
        if (Volatile.Read(ref _lost) != null)
            throw new DeviceLostException(Name, what, "it was lost before", _lost);
    }

    public static long Ticks(double nanoseconds) => (long)(nanoseconds * Stopwatch.Frequency / 1e9);

    private void Take(string what, long bytes, FaultKind fault)
    {
        long used = Interlocked.Add(ref _used, bytes);
        if (used > MemoryLimit || Faults.Strikes(fault))
        {
            Free(bytes);
            throw new DeviceMemoryException(Name, what, bytes, used - bytes, MemoryLimit);
        }
        for (long peak = MemoryPeak; used > peak; peak = MemoryPeak)
            Interlocked.CompareExchange(ref _peak, used, peak);
    }

    private static InferenceSession Open(DeviceProgram program)
    {
        try
        {
            using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
            options.AddSessionConfigEntry(NodeAssignments.RecordKey, "1");
            return program.Open(options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new CleaveException(Rules.SessionFailed, e, program.Model, program.Segment, e.Message);
        }
    }
}
