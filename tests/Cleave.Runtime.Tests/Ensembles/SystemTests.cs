using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Elements;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>The inference system: segments, queues, three stages, accumulation.</summary>
public sealed class SystemTests : SystemTestBase
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(16, 3)]
    [InlineData(100, 3)]
    [InlineData(100, 1)]
    public async Task Every_sample_is_seen_by_every_member_once(int samples, int slots)
    {
        StubInstance[][] members = [[new("a", 0, 8, 1, slots), new("b", 0, 5, 1, slots)], [new("c", 1, 16, 3, slots)]];
        await using ThreadedSystem system = System(Small, members);
        for (int i = 0; i < 5; i++)
        {
            (TensorRequest request, Func<float[]> result) = Request(samples, 2, Small);
            await system.RunAsync(request).WaitAsync(Patience);
            Assert.Equal(Expected(samples, 2), result());
        }
        Assert.All(members, m => Assert.Equal(5 * samples, m.Sum(i => i.Added.Sum(a => a.Count))));
        Assert.All(members.SelectMany(m => m), i => Assert.All(i.Added, a => Assert.True(a.Count <= i.Batch)));
    }

    [Fact]
    public async Task A_request_of_no_samples_is_done() => await Ended(System(Small, [[new("a", 0, 8, 1)]]), async system =>
    {
        (TensorRequest request, Func<float[]> result) = Request(0, 1, Small);
        await system.RunAsync(request).WaitAsync(Patience);
        Assert.Empty(result());
    });

    [Fact]
    public async Task A_slow_instance_keeps_no_more_of_a_segment_than_it_works_on()
    {
        using ManualResetEventSlim began = new(), go = new();
        StubInstance slow = new("slow", 0, 4, 1, 1)
        {
            OnPredict = _ =>
            {
                began.Set();
                Assert.True(go.Wait(Patience));
            },
        };
        StubInstance fast = new("fast", 0, 4, 1, 1) { OnPredict = _ => Assert.True(began.Wait(Patience)) };
        await using ThreadedSystem system = System(Small, [slow, fast]);
        (TensorRequest request, Func<float[]> result) = Request(16, 1, Small);
        Task run = system.RunAsync(request);
        // One segment of four batches.
        Assert.True(SpinWait.SpinUntil(() => fast.Added.Sum(a => a.Count) == 12, Patience));
        Assert.Empty(slow.Added);
        go.Set();
        await run.WaitAsync(Patience);
        Assert.Equal(Expected(16, 1), result());
    }

    [Fact]
    public async Task A_faster_instance_takes_more()
    {
        const int segments = 10, stages = 3;
        using ManualResetEventSlim began = new(), go = new();
        StubInstance slow = new("slow", 0, 16, 1, 1)
        {
            OnPredict = _ =>
            {
                began.Set();
                Assert.True(go.Wait(Patience));
            },
        };
        // Both have segments: the fast one does not begin before the slow one has.
        StubInstance fast = new("fast", 0, 16, 1, 1) { OnPredict = _ => Assert.True(began.Wait(Patience)) };
        await using ThreadedSystem system = System(Small, [slow, fast]);
        (TensorRequest request, _) = Request(16 * segments, 1, Small);
        Task run = system.RunAsync(request);
        // All but what the slow one's stages hold.
        Assert.True(SpinWait.SpinUntil(() => fast.Added.Count >= segments - stages, Patience));
        Assert.Empty(slow.Added);
        go.Set();
        await run.WaitAsync(Patience);
        Assert.InRange(slow.Added.Count, 1, stages);
        Assert.Equal(segments, slow.Added.Count + fast.Added.Count);
    }

    [Fact]
    public async Task Batches_are_loaded_while_others_are_predicted()
    {
        // Each stage waits until the other one is at another batch: without overlap none would ever go on.
        using Barrier all = new(2);
        int met = 0;
        StubInstance instance = new("a", 0, 16, 1);
        instance.OnLoad = () => Meet();
        instance.OnPredict = n => Meet();
        List<StageSpan> spans = [];
        SystemOptions options = Small with { Timeline = s => { lock (spans) spans.Add(s); } };
        await using ThreadedSystem system = System(options, [instance]);
        (TensorRequest request, Func<float[]> result) = Request(160, 1, options);
        await system.RunAsync(request).WaitAsync(Patience);
        Assert.Equal(Expected(160, 1), result());
        Assert.True(met > 0);
        lock (spans)
        {
            StageSpan[] loads = [.. spans.Where(s => s.Stage == BatchStage.Load)], runs = [.. spans.Where(s => s.Stage == BatchStage.Predict)];
            Assert.Equal(10, loads.Length);
            // Of the recorded timeline: a later batch was loaded while an earlier one ran.
            Assert.Contains(runs, run => loads.Any(load => load.At > run.At && load.Start < run.End && run.Start < load.End));
        }

        // The first load and the last run have no partner: they wait in vain, and not for ever.
        void Meet()
        {
            if (all.SignalAndWait(TimeSpan.FromMilliseconds(200)))
                Interlocked.Increment(ref met);
        }
    }

    [Fact]
    public async Task What_a_member_gives_is_combined_while_another_one_still_runs()
    {
        const int samples = 100;
        NotedMean combiner = new(2);
        // The second member answers nothing before all that the first one gives was combined: at the end alone, that would never be.
        StubInstance late = new("late", 1, 8, 3, 1) { OnPredict = _ => Assert.True(SpinWait.SpinUntil(() => combiner.Added(0) == 2 * samples, Patience)) };
        await using ThreadedSystem system = System(Small with { MostSegments = 100 }, [new StubInstance("soon", 0, 8, 1, 1)], [late]);
        float[] rows = [.. Enumerable.Range(0, 2 * samples).Select(static i => (float)i)];
        await system.RunAsync(new TensorRequest(samples, [rows], [(combiner, 2)], Small.SegmentSize)).WaitAsync(Patience);
        Assert.Equal(Expected(samples, 2), ((OutputSlot<float>)combiner.Result).Span.ToArray());
        // Batch after batch, and none twice.
        Assert.True(combiner.Parts > 2 * samples / 16);
        Assert.Equal((2 * samples, 2 * samples), (combiner.Added(0), combiner.Added(1)));
    }

    [Fact]
    public async Task Who_brings_too_much_waits_or_is_rejected()
    {
        using ManualResetEventSlim go = new();
        StubInstance slow = new("slow", 0, 16, 1, 1) { OnPredict = _ => Assert.True(go.Wait(Patience)) };
        SystemOptions rejecting = Small with { WhenFull = FullQueue.Reject };
        await using ThreadedSystem system = System(rejecting, [slow]);
        (TensorRequest first, _) = Request(16 * 4, 1, Small);
        Task run = system.RunAsync(first);
        Assert.True(SpinWait.SpinUntil(() => system.Members[0].Waiting == 3, Patience));
        (TensorRequest second, _) = Request(16, 1, Small);
        Assert.Equal("CLV4012", (await Assert.ThrowsAsync<CleaveException>(() => system.RunAsync(second).WaitAsync(Patience))).Id);
        Assert.True(system.Members[0].Waiting <= 4);
        go.Set();
        await run.WaitAsync(Patience);
        (TensorRequest third, Func<float[]> result) = Request(16 * 10, 1, Small);
        await system.RunAsync(third).WaitAsync(Patience);
        Assert.Equal(Expected(160, 1), result());
    }

    [Fact]
    public async Task Cancelling_ends_a_request_and_no_other()
    {
        using ManualResetEventSlim go = new();
        StubInstance slow = new("slow", 0, 16, 1, 1) { OnPredict = _ => Assert.True(go.Wait(Patience)) };
        await using ThreadedSystem system = System(Small, [slow]);
        using CancellationTokenSource source = new();
        (TensorRequest cancelled, _) = Request(16 * 20, 1, Small);
        (TensorRequest other, Func<float[]> result) = Request(64, 1, Small);
        Task first = system.RunAsync(cancelled, source.Token);
        Assert.True(SpinWait.SpinUntil(() => system.Members[0].Waiting > 0, Patience));
        Task second = system.RunAsync(other);
        source.Cancel();
        // It is not over while an instance still reads its memory.
        Assert.False(first.IsCompleted);
        go.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Patience));
        await second.WaitAsync(Patience);
        Assert.Equal(Expected(64, 1), result());
    }

    [Fact]
    public void Members_without_instances_are_refused() => Assert.Throws<ArgumentException>(() => new ThreadedSystem("Vision", [("m0", [])], new()));

    [Fact]
    public async Task Stress_of_everything_at_once()
    {
        int n = 0;
        SystemOptions options = Small with { Retries = 3 };
        StubInstance Flaky(string name, int member, float factor, int slots) =>
            new(name, member, 1 + member * 3 + slots, factor, slots) { OnPredict = _ => ThrowIf(Interlocked.Increment(ref n) % 97 == 0) };
        ThreadedSystem system = System(options, [Flaky("a", 0, 1, 3), Flaky("b", 0, 1, 1)], [Flaky("c", 1, 2, 3)], [Flaky("d", 2, 3, 2), Flaky("e", 2, 3, 3)]);
        Task replacing = Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
                await system.ReplaceAsync("m1", [Flaky("c" + i, 1, 2, 1 + i % 3)]);
        });
        await Task.WhenAll(Enumerable.Range(0, 6).Select(seed => Task.Run(async () =>
        {
            Random random = new(seed);
            for (int i = 0; i < 40; i++)
            {
                int samples = random.Next(200);
                (TensorRequest request, Func<float[]> result) = Request(samples, 3, options);
                using CancellationTokenSource source = new();
                Task run = system.RunAsync(request, source.Token);
                if (random.Next(5) == 0)
                    source.Cancel();
                try
                {
                    await run;
                    Assert.Equal(Expected(samples, 2), result());
                }
                catch (OperationCanceledException) when (source.IsCancellationRequested)
                {
                }
            }
        }))).WaitAsync(Patience);
        await replacing.WaitAsync(Patience);
        Assert.All(system.Members, m => Assert.Equal(0, m.Waiting));
        await system.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    /// <summary>The mean, and how many elements of each member were added so far.</summary>
    private sealed class NotedMean(int members) : OutputCombiner<float, float>("y")
    {
        private readonly MeanCombiner<float> _mean = new("y", [], members);
        private readonly int[] _added = new int[members];
        private int _parts;

        public override OutputSlot Result => _mean.Result;

        public int Parts => Volatile.Read(ref _parts);

        public int Added(int member) => Volatile.Read(ref _added[member]);

        public override void Begin(int[] shape) => _mean.Begin(shape);

        public override void Add(int member, ReadOnlySpan<float> output, int at)
        {
            _mean.Add(member, output, at);
            Interlocked.Add(ref _added[member], output.Length);
            Interlocked.Increment(ref _parts);
        }

        public override void Finish() => _mean.Finish();
    }

    private static async Task Ended(ThreadedSystem system, Func<ThreadedSystem, Task> test)
    {
        await using (system)
            await test(system);
    }
}
