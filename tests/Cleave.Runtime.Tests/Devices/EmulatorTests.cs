using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Devices;
using Cleave.Emulator;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>The emulated device does what a device does, and shows what on a device would be a race or a wrong address.</summary>
public class EmulatorTests
{
    private const double Millisecond = 1e6;

    [Fact]
    public void A_program_runs_on_what_was_copied_there()
    {
        using EmulatedDevice device = new(new EmulatorProfile());
        using IDeviceStream stream = device.CreateStream("s");
        using IDeviceExecutable times = device.Load(Times(3), stream);
        using HostTensor x = Floats(device, 1, 2, 3, 4), y = Floats(device, 0, 0, 0, 0);
        using DeviceTensor onDevice = device.Allocate("x", ElementType.Float, [4]), result = device.Allocate("y", ElementType.Float, [4]);
        stream.CopyToDevice(x, onDevice);
        times.Launch([onDevice], [result]);
        stream.CopyToHost(result, y);
        stream.Synchronize();
        Assert.Equal([3, 6, 9, 12], Values(y));
        Assert.Equal(["x", "Times/Whole", "y"], device.Operations.Select(o => o.What));
    }

    [Fact]
    public void An_output_of_unknown_shape_is_there_after_the_stream_was_synchronised()
    {
        using EmulatedDevice device = new(new EmulatorProfile());
        using IDeviceStream stream = device.CreateStream("s");
        using IDeviceExecutable times = device.Load(Times(2), stream);
        using HostTensor x = Floats(device, 1, 2, 3, 4), y = Floats(device, 0, 0, 0, 0);
        using DeviceTensor onDevice = device.Allocate("x", ElementType.Float, [4]);
        stream.CopyToDevice(x, onDevice);
        DeviceTensor?[] outputs = [null];
        times.Launch([onDevice], outputs);
        stream.Synchronize();
        using DeviceTensor made = outputs[0]!;
        Assert.Equal([4L], made.Shape);
        Assert.Equal(32, device.MemoryUsed);
        stream.CopyToHost(made, y);
        stream.Synchronize();
        Assert.Equal([2, 4, 6, 8], Values(y));
    }

    [Fact]
    public void Memory_that_nobody_copied_is_rubbish()
    {
        using EmulatedDevice device = new(new EmulatorProfile { ToHostLatency = 50 * Millisecond });
        using IDeviceStream stream = device.CreateStream("s");
        using HostTensor y = Floats(device, 7, 7);
        using DeviceTensor unwritten = device.Allocate("v", ElementType.Float, [2]);
        stream.CopyToHost(unwritten, y);
        // Not there yet: whoever does not wait sees it.
        Assert.All(Values(y), v => Assert.True(float.IsNaN(v)));
        stream.Synchronize();
        Assert.All(Values(y), v => Assert.True(float.IsNaN(v)));
    }

    [Fact]
    public void A_source_that_changes_before_the_copy_is_done_arrives_changed()
    {
        using EmulatedDevice device = new(new EmulatorProfile { ToDeviceLatency = 50 * Millisecond });
        using IDeviceStream stream = device.CreateStream("s");
        using HostTensor x = Floats(device, 1), y = Floats(device, 0);
        using DeviceTensor there = device.Allocate("v", ElementType.Float, [1]);
        stream.CopyToDevice(x, there);
        MemoryMarshal.Cast<byte, float>(x.Bytes)[0] = 2;
        stream.CopyToHost(there, y);
        stream.Synchronize();
        Assert.Equal([2], Values(y));
    }

    [Fact]
    public void Other_devices_memory_and_freed_memory_cannot_be_reached()
    {
        using EmulatedDevice one = new(new EmulatorProfile(), "emulated:0"), other = new(new EmulatorProfile { ToDeviceLatency = 20 * Millisecond }, "emulated:1");
        using IDeviceStream stream = one.CreateStream("s"), slow = other.CreateStream("t");
        using HostTensor x = Floats(one, 1);
        using DeviceTensor there = other.Allocate("v", ElementType.Float, [1]);
        Assert.Contains("emulated:1", Assert.Throws<InvalidOperationException>(() => stream.CopyToDevice(x, there)).Message);
        slow.CopyToDevice(x, there);
        Assert.Contains("freed while", Assert.Throws<InvalidOperationException>(there.Dispose).Message);
        slow.Synchronize();
        there.Dispose();
        Assert.Contains("after it was freed", Assert.Throws<InvalidOperationException>(() => slow.CopyToDevice(x, there)).Message);
        slow.Synchronize();
    }

    [Fact]
    public void The_memory_limit_holds_for_programs_and_tensors_together()
    {
        using EmulatedDevice device = new(new EmulatorProfile { MemoryLimit = 1000 });
        using IDeviceStream stream = device.CreateStream("s");
        IDeviceExecutable times = device.Load(Times(3) with { WeightBytes = 600 }, stream);
        using DeviceTensor first = device.Allocate("a", ElementType.Float, [100]);
        DeviceMemoryException e = Assert.Throws<DeviceMemoryException>(() => device.Allocate("b", ElementType.Float, [1]));
        Assert.Equal("CLV4021", e.Id);
        Assert.Contains("4 bytes asked for, 1,000 of 1,000 in use", e.Message);
        times.Dispose();
        device.Allocate("b", ElementType.Float, [150]).Dispose();
        Assert.Equal(400, device.MemoryUsed);
        Assert.Equal(1000, device.MemoryPeak);
    }

    [Fact]
    public void Failures_come_when_they_were_ordered_and_leave_nothing_behind()
    {
        using EmulatedDevice device = new(new EmulatorProfile());
        using IDeviceStream stream = device.CreateStream("s");
        device.Faults.Inject(FaultKind.OutOfMemoryAtLoad);
        Assert.Throws<DeviceMemoryException>(() => device.Load(Times(3) with { WeightBytes = 10 }, stream));
        Assert.Equal(0, device.MemoryUsed);
        using IDeviceExecutable times = device.Load(Times(3), stream);
        using DeviceTensor x = device.Allocate("x", ElementType.Float, [4]), y = device.Allocate("y", ElementType.Float, [4]);
        device.Faults.Inject(FaultKind.OutOfMemoryAtRun, after: 1);
        times.Launch([x], [y]);
        Assert.Throws<DeviceMemoryException>(() => times.Launch([x], [y]));
        times.Launch([x], [y]);
        stream.Synchronize();
        Assert.Equal(2, device.Operations.Count);
    }

    [Fact]
    public void A_lost_device_stays_lost()
    {
        using EmulatedDevice device = new(new EmulatorProfile());
        using IDeviceStream stream = device.CreateStream("s");
        using IDeviceExecutable times = device.Load(Times(3), stream);
        using DeviceTensor x = device.Allocate("x", ElementType.Float, [4]), y = device.Allocate("y", ElementType.Float, [4]);
        device.Faults.Inject(FaultKind.LostAtRun);
        times.Launch([x], [y]);
        DeviceLostException e = Assert.Throws<DeviceLostException>(() => stream.Synchronize());
        Assert.Equal(("CLV4022", "emulated:0"), (e.Id, e.Device));
        Assert.True(device.IsLost);
        Assert.Throws<DeviceLostException>(() => times.Launch([x], [y]));
        Assert.Throws<DeviceLostException>(() => device.Allocate("z", ElementType.Float, [4]));
        Assert.Throws<DeviceLostException>(() => device.Load(Times(3), stream));
    }

    [Fact]
    public void A_program_that_fails_fails_its_stream_until_that_was_told()
    {
        using EmulatedDevice device = new(new EmulatorProfile());
        using IDeviceStream stream = device.CreateStream("s");
        using IDeviceExecutable lookup = device.Load(Program(Support.Models.Lookup(), "Lookup", ["index"], ["y"]), stream);
        using DeviceTensor index = device.Allocate("index", ElementType.Int64, [1]), y = device.Allocate("y", ElementType.Float, [1]);
        using HostTensor wrong = device.AllocateHost(ElementType.Int64, [1]), right = device.AllocateHost(ElementType.Int64, [1]), result = Floats(device, 0);
        MemoryMarshal.Cast<byte, long>(wrong.Bytes)[0] = 50;
        MemoryMarshal.Cast<byte, long>(right.Bytes)[0] = 2;
        stream.CopyToDevice(wrong, index);
        lookup.Launch([index], [y]);
        stream.CopyToHost(y, result);
        Assert.Equal("CLV4008", Assert.Throws<CleaveException>(() => stream.Synchronize()).Id);
        stream.CopyToDevice(right, index);
        lookup.Launch([index], [y]);
        stream.CopyToHost(y, result);
        stream.Synchronize();
        Assert.Equal([12], Values(result));
    }

    [Fact]
    public void Runs_and_copies_of_other_streams_overlap_and_those_of_one_engine_do_not()
    {
        // So long that this thread has asked for all of it before anything ends, on a busy machine, too.
        using EmulatedDevice device = new(new EmulatorProfile
        {
            Computes = false,
            LaunchCost = 0,
            RunTime = (_, _) => 500 * Millisecond,
            ToDeviceLatency = 500 * Millisecond,
            ToHostLatency = 500 * Millisecond,
        });
        using IDeviceStream runs = device.CreateStream("runs"), copies = device.CreateStream("copies"), back = device.CreateStream("back");
        using IDeviceExecutable times = device.Load(Times(3), runs), again = device.Load(Times(3), copies);
        using DeviceTensor a = device.Allocate("a", ElementType.Float, [4]), b = device.Allocate("b", ElementType.Float, [4]);
        using HostTensor x = Floats(device, 1, 2, 3, 4), y = Floats(device, 1, 2, 3, 4);
        times.Launch([a], [a]);
        copies.CopyToDevice(x, b);
        back.CopyToHost(a, y);
        again.Launch([b], [b]);
        back.Synchronize();
        runs.Synchronize();
        copies.Synchronize();
        ILookup<DeviceEngine, DeviceOperation> done = device.Operations.ToLookup(o => o.Engine);
        DeviceOperation run = done[DeviceEngine.Compute].First(), second = done[DeviceEngine.Compute].Last(), copy = done[DeviceEngine.ToDevice].Single();
        Assert.True(Overlap(run, copy));
        Assert.True(Overlap(run, done[DeviceEngine.ToHost].Single()));
        Assert.True(second.Start >= run.End && second.Start >= copy.End);

        static bool Overlap(DeviceOperation one, DeviceOperation other) => one.Start < other.End && other.Start < one.End;
    }

    [Fact]
    public void What_comes_after_an_event_of_another_stream_waits_for_it()
    {
        using EmulatedDevice device = new(new EmulatorProfile { Computes = false, LaunchCost = 0, RunTime = (_, _) => 500 * Millisecond });
        using IDeviceStream runs = device.CreateStream("runs"), copies = device.CreateStream("copies");
        using IDeviceExecutable times = device.Load(Times(3), runs);
        using DeviceTensor a = device.Allocate("a", ElementType.Float, [4]);
        using HostTensor y = Floats(device, 1, 2, 3, 4);
        times.Launch([a], [a]);
        using IDeviceEvent ran = runs.Record();
        Assert.False(ran.IsDone);
        copies.After(ran);
        copies.CopyToHost(a, y);
        copies.Synchronize();
        Assert.True(ran.IsDone);
        DeviceOperation run = device.Operations[0], copy = device.Operations[1];
        // Not before; later, where this thread was so late that nothing ran any more. What they take is reckoned, to the tick.
        Assert.True(copy.Start >= run.End, $"{copy.Start} is before {run.End}");
        Assert.Equal(EmulatedDevice.Ticks(500 * Millisecond), run.End - run.Start);
        Assert.Equal(EmulatedDevice.Ticks(10_000 + 16 / 12.0), copy.End - copy.Start);
    }

    [Fact]
    public void A_wait_can_be_cancelled_and_the_work_goes_on()
    {
        using EmulatedDevice device = new(new EmulatorProfile { Computes = false, RunTime = (_, _) => 50 * Millisecond });
        using IDeviceStream stream = device.CreateStream("s");
        using IDeviceExecutable times = device.Load(Times(3), stream);
        using DeviceTensor a = device.Allocate("a", ElementType.Float, [4]);
        times.Launch([a], [a]);
        Assert.Throws<OperationCanceledException>(() => stream.Synchronize(new CancellationToken(canceled: true)));
        stream.Synchronize();
        Assert.Single(device.Operations);
    }

    [Fact]
    public void Threads_that_use_one_device_at_once_get_their_own_results()
    {
        using EmulatedDevice device = new(new EmulatorProfile { RunTime = (_, _) => 20_000, LaunchCost = 0 });
        List<Exception> failures = [];
        Thread[] threads = [.. Enumerable.Range(1, 4).Select(number => new Thread(() => Use(number)) { IsBackground = true, Name = "user " + number })];
        foreach (Thread thread in threads)
            thread.Start();
        Assert.All(threads, t => Assert.True(t.Join(TimeSpan.FromSeconds(60))));
        Assert.Empty(failures);
        Assert.Equal(0, device.MemoryUsed);
        Assert.Equal(4 * 100 * 3, device.Operations.Count);

        void Use(int number)
        {
            try
            {
                using IDeviceStream stream = device.CreateStream("s" + number);
                using IDeviceExecutable times = device.Load(Times(number), stream);
                using HostTensor x = Floats(device, 1, 2, 3, 4), y = Floats(device, 0, 0, 0, 0);
                using DeviceTensor there = device.Allocate("x", ElementType.Float, [4]), result = device.Allocate("y", ElementType.Float, [4]);
                for (int i = 0; i < 100; i++)
                {
                    stream.CopyToDevice(x, there);
                    times.Launch([there], [result]);
                    stream.CopyToHost(result, y);
                    stream.Synchronize();
                    Assert.Equal([number, 2 * number, 3 * number, 4 * number], Values(y));
                }
            }
            catch (Exception e)
            {
                lock (failures)
                    failures.Add(e);
            }
        }
    }

    internal static DeviceProgram Times(float factor) => Program(Support.Models.Times(factor), "Times", ["x"], ["y"]);

    private static DeviceProgram Program(IMessage model, string name, string[] reads, string[] writes)
    {
        byte[] bytes = model.ToByteArray();
        return new DeviceProgram(name, "Whole", reads, writes, options => new InferenceSession(bytes, options));
    }

    private static HostTensor Floats(IDevice device, params float[] values)
    {
        HostTensor tensor = device.AllocateHost(ElementType.Float, [values.Length]);
        MemoryMarshal.AsBytes<float>(values).CopyTo(tensor.Bytes);
        return tensor;
    }

    private static float[] Values(HostTensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray();
}
