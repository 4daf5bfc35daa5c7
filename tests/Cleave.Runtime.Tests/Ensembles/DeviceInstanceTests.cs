using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Devices;
using Cleave.Elements;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Members on (emulated) devices.</summary>
public sealed class DeviceInstanceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static DeviceProgram Times(float factor)
    {
        byte[] bytes = Model(
            [Tensor("x", Core.Graph.ElementType.Float, "n", 4)], [Tensor("y", Core.Graph.ElementType.Float, "n", 4)],
            [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]).ToByteArray();
        return new DeviceProgram("times" + factor, "Whole", ["x"], ["y"], options => new InferenceSession(bytes, options)) { WeightBytes = 1000 };
    }

    private static ThreadedSystem System(SystemOptions options, params (IDevice Device, int Member, float Factor, int Batch)[] instances) => new(
        "Vision",
        [.. instances.GroupBy(i => i.Member).OrderBy(g => g.Key).Select(g => ("m" + g.Key, (IReadOnlyList<IMemberInstance>)
            [.. g.Select(i => Instance(i.Device, Times(i.Factor), i.Member, i.Batch))]))],
        options);

    private static DeviceInstance Instance(IDevice device, DeviceProgram program, int member, int batch) =>
        new(device, program, new TensorRows(program, member, [4], [4]), batch);

    private static async Task<float[]> Run(ThreadedSystem system, int samples, int members, SystemOptions options)
    {
        MeanCombiner<float> combiner = new("y", [], members);
        float[] rows = [.. Enumerable.Range(0, samples * 4).Select(i => (float)i)];
        await system.RunAsync(new TensorRequest(samples, [rows], [(combiner, 4)], options.SegmentSize)).WaitAsync(Patience);
        return ((OutputSlot<float>)combiner.Result).Span.ToArray();
    }

    private static IEnumerable<float> Expected(int samples, float factor) => Enumerable.Range(0, samples * 4).Select(i => i * factor);

    [Fact]
    public async Task Members_on_two_devices_give_their_mean_and_free_what_they_took()
    {
        using EmulatedDevice one = new(new EmulatorProfile(), "emulated:0"), two = new(new EmulatorProfile(), "emulated:1");
        SystemOptions options = new() { SegmentSize = 32 };
        await using (ThreadedSystem system = System(options, (one, 0, 1, 8), (two, 0, 1, 16), (one, 1, 3, 7)))
        {
            for (int i = 0; i < 3; i++)
                Assert.Equal(Expected(150, 2), await Run(system, 150, 2, options));
            Assert.Equal(["emulated:0", "emulated:1"], system.Members[0].Instances);
        }
        Assert.Equal((0, 0), (one.MemoryUsed, two.MemoryUsed));
    }

    [Fact]
    public async Task Copies_overlap_runs_on_the_devices_own_timeline()
    {
        // A run takes 8 ms, and each copy 4 ms.
        EmulatorProfile profile = new() { RunTime = (_, _) => 8e6, ToDeviceLatency = 4e6, ToHostLatency = 4e6, Computes = false };
        using EmulatedDevice device = new(profile);
        SystemOptions options = new() { SegmentSize = 64 };
        await using ThreadedSystem system = System(options, (device, 0, 1, 8));
        await Run(system, 64 * 4, 1, options);
        DeviceOperation[] runs = [.. device.Operations.Where(o => o.Engine == DeviceEngine.Compute)];
        Assert.Equal(32, runs.Length);
        foreach (DeviceEngine engine in new[] { DeviceEngine.ToDevice, DeviceEngine.ToHost })
        {
            DeviceOperation[] copies = [.. device.Operations.Where(o => o.Engine == engine)];
            int beside = copies.Count(copy => runs.Any(run => copy.Start < run.End && run.Start < copy.End));
            // One after the other there would be none. How many of them depends on when a busy machine gives the threads a core.
            Assert.True(beside > 0, $"{beside} of {copies.Length} copies of {engine} beside a run");
        }
    }

    [Fact]
    public async Task A_device_that_is_lost_leaves_its_work_to_another()
    {
        using EmulatedDevice one = new(new EmulatorProfile(), "emulated:0"), two = new(new EmulatorProfile(), "emulated:1");
        SystemOptions options = new() { SegmentSize = 16, Retries = 2 };
        await using ThreadedSystem system = System(options, (one, 0, 2, 8), (two, 0, 2, 8));
        Assert.Equal(Expected(100, 2), await Run(system, 100, 1, options));
        one.Faults.Inject(FaultKind.LostAtRun);
        for (int i = 0; i < 5; i++)
            Assert.Equal(Expected(100, 2), await Run(system, 100, 1, options));
        Assert.False(two.IsLost);
    }

    [Fact]
    public void A_member_without_room_says_so_and_leaves_nothing_open()
    {
        using EmulatedDevice device = new(new EmulatorProfile { MemoryLimit = 100 });
        Assert.Throws<DeviceMemoryException>(() => Instance(device, Times(1), 0, 64));
        Assert.Equal((0, 0), (device.MemoryUsed, device.OpenStreams));
    }

    [Fact]
    public async Task Batches_without_room_fail_their_request()
    {
        SystemOptions options = new() { SegmentSize = 64 };
        using EmulatedDevice device = new(new EmulatorProfile { MemoryLimit = 1100 });
        await using (ThreadedSystem system = System(options, (device, 0, 1, 64)))
        {
            CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => Run(system, 64, 1, options));
            Assert.IsType<DeviceMemoryException>(e.InnerException);
        }
        Assert.Equal((0, 0), (device.MemoryUsed, device.OpenStreams));
    }
}
