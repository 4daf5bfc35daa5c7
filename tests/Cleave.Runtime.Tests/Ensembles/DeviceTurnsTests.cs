using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Members that share a device: the one that is furthest behind is next.</summary>
public sealed class DeviceTurnsTests
{
    private const int Places = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_one_with_the_most_samples_waiting_is_next_and_of_equal_ones_the_first()
    {
        DeviceTurns turns = new();
        ConcurrentQueue<string> order = [];
        for (int i = 0; i < Places; i++)
            turns.Enter(Queue(1));
        List<Task> all = [];
        foreach ((string name, int samples) in new[] { ("few", 10), ("many", 100), ("as many", 100), ("none", 0) })
        {
            all.Add(OwnThread.Run(() =>
            {
                turns.Enter(Queue(samples));
                order.Enqueue(name);
            }));
            Assert.True(SpinWait.SpinUntil(() => turns.Waiting == all.Count, Patience));
        }
        for (int i = 1; i <= all.Count; i++)
        {
            turns.Leave();
            Assert.True(SpinWait.SpinUntil(() => order.Count == i, Patience));
        }
        await Task.WhenAll(all).WaitAsync(Patience);
        Assert.Equal(["many", "as many", "few", "none"], order);
    }

    [Fact]
    public async Task What_is_left_of_weights_that_were_replaced_is_next_however_little_it_is()
    {
        DeviceTurns turns = new();
        ConcurrentQueue<string> order = [];
        for (int i = 0; i < Places; i++)
            turns.Enter(Queue(1));
        // Clients who go on bring more to the new weights all the time: the last request of the old ones would never be over.
        SegmentQueue left = Queue(1), present = Queue(100);
        Task[] all = [OwnThread.Run(() => Take("present", present))];
        Assert.True(SpinWait.SpinUntil(() => turns.Waiting == 1, Patience));
        all = [.. all, OwnThread.Run(() => Take("left", left))];
        Assert.True(SpinWait.SpinUntil(() => turns.Waiting == 2, Patience));
        left.Hurry();
        turns.Leave();
        Assert.True(SpinWait.SpinUntil(() => order.Count == 1, Patience));
        turns.Leave();
        await Task.WhenAll(all).WaitAsync(Patience);
        Assert.Equal(["left", "present"], order);

        void Take(string name, SegmentQueue queue)
        {
            turns.Enter(queue);
            order.Enqueue(name);
        }
    }

    [Fact]
    public async Task What_counts_is_what_waits_when_a_place_is_free()
    {
        DeviceTurns turns = new();
        for (int i = 0; i < Places; i++)
            turns.Enter(Queue(1));
        SegmentQueue first = Queue(100), second = Queue(50);
        Task one = OwnThread.Run(() => turns.Enter(first));
        Task two = OwnThread.Run(() => turns.Enter(second));
        Assert.True(SpinWait.SpinUntil(() => turns.Waiting == 2, Patience));
        // Instances on other devices took nearly all of it meanwhile.
        Assert.NotNull(first.TryTake(90));
        turns.Leave();
        await two.WaitAsync(Patience);
        Assert.False(one.IsCompleted);
        turns.Leave();
        await one.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_member_that_is_ahead_leaves_a_shared_device_to_the_one_behind()
    {
        const int segments = 40, batch = 16;
        SystemOptions options = new() { SegmentSize = batch, MostSegments = segments };
        using EmulatedDevice own = new(new EmulatorProfile(), "own"), shared = new(new EmulatorProfile(), "shared");
        using SemaphoreSlim permits = new(0);
        using CountdownEvent ahead = new(segments / 2);
        using ManualResetEventSlim go = new();
        ConcurrentQueue<string> order = [];
        void OnShared(int _)
        {
            Assert.True(permits.Wait(Patience));
            // Not so short that the batcher would do it all.
            PreciseWait.Until(Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10_000));
        }
        // On a device of its own the first member does half of its work, and stops.
        StubInstance fast = new("fast", 0, batch, 1)
        {
            Device = own,
            OnPredict = _ =>
            {
                if (ahead.IsSet || ahead.Signal())
                    Assert.True(go.Wait(Patience));
            },
        };
        StubInstance beside = new("ahead", 0, batch, 1) { Device = shared, OnLoad = () => order.Enqueue("ahead"), OnPredict = OnShared };
        StubInstance slow = new("behind", 1, batch, 3) { Device = shared, OnLoad = () => order.Enqueue("behind"), OnPredict = OnShared };
        await using ThreadedSystem system = new("Vision", [("m0", [fast, beside]), ("m1", [slow])], options);
        MeanCombiner<float> combiner = new("y", [], 2);
        Task run = system.RunAsync(new TensorRequest(segments * batch, [new float[segments * batch * 2]], [(combiner, 2)], batch));
        Assert.True(ahead.Wait(Patience));
        // What has a place on the shared device has it; from then on the device is the other's, until that has caught up.
        const int lead = 8;
        DeviceTurns turns = system.Turns.Of(slow)!;
        for (int i = 0; i <= lead; i++)
        {
            Assert.True(SpinWait.SpinUntil(() => order.Count == Places + i && turns.Waiting == 2, Patience), string.Join(", ", order));
            permits.Release();
        }
        string[] first = [.. order.Take(Places + lead)];
        go.Set();
        permits.Release(4 * segments);
        await run.WaitAsync(Patience);
        Assert.DoesNotContain("ahead", first[Places..]);
        Assert.Equal((segments * batch, segments * batch), (Samples(fast) + Samples(beside), Samples(slow)));
    }

    [Fact]
    public async Task Stress_of_members_on_shared_devices_with_failures_and_other_instances()
    {
        SystemOptions options = new() { SegmentSize = 16, MostSegments = 8, Retries = 3 };
        EmulatedDevice[] devices = [.. Enumerable.Range(0, 3).Select(d => new EmulatedDevice(new EmulatorProfile(), "emulated:" + d))];
        int n = 0;
        StubInstance On(int device, int member, int batch) => new("d" + device, member, batch, 1)
        {
            Device = devices[device],
            OnPredict = _ =>
            {
                if (Interlocked.Increment(ref n) % 89 == 0)
                    throw new InvalidOperationException("no");
            },
        };
        ThreadedSystem system = new("Vision", [("m0", [On(0, 0, 4), On(1, 0, 7)]), ("m1", [On(0, 1, 16), On(1, 1, 3), On(2, 1, 5)]), ("m2", [On(2, 2, 2)])], options);
        Task replacing = OwnThread.Run(() =>
        {
            for (int i = 0; i < 30; i++)
                system.ReplaceAsync("m" + i % 3, [On(i % 3, i % 3, 1 + i % 9), On((i + 1) % 3, i % 3, 8)]).GetAwaiter().GetResult();
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => OwnThread.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 60; i++)
            {
                MeanCombiner<float> combiner = new("y", [], 3);
                int samples = random.Next(300);
                float[] rows = [.. Enumerable.Range(0, samples).Select(r => (float)r)];
                system.RunAsync(new TensorRequest(samples, [rows], [(combiner, 1)], options.SegmentSize)).GetAwaiter().GetResult();
                Assert.Equal(rows, ((Elements.OutputSlot<float>)combiner.Result).Span.ToArray());
            }
        }))).WaitAsync(Patience);
        await replacing.WaitAsync(Patience);
        await system.DisposeAsync().AsTask().WaitAsync(Patience);
        foreach (EmulatedDevice device in devices)
            device.Dispose();
    }

    private static int Samples(StubInstance instance) => instance.Added.Sum(a => a.Count);

    private static SegmentQueue Queue(int samples)
    {
        SegmentQueue queue = new();
        if (samples > 0)
        {
            MeanCombiner<float> combiner = new("y", [], 1);
            queue.Put(new MemberSegment(new TensorRequest(samples, [new float[samples]], [(combiner, 1)], samples), 0, samples, _ => { }, new SegmentPlace(new SemaphoreSlim(0), 1)));
        }
        Assert.Equal(samples, queue.Samples);
        return queue;
    }

}
