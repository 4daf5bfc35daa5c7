using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Elements;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>The inference system: segments, queues, three stages, accumulation.</summary>
public sealed class SystemTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly SystemOptions Small = new() { SegmentSize = 16, MostSegments = 4 };

    private static ThreadedSystem System(SystemOptions options, params StubInstance[][] members) =>
        new("Vision", [.. members.Select((m, i) => ("m" + i, (IReadOnlyList<IMemberInstance>)m))], options);

    private static (TensorRequest Request, Func<float[]> Result) Request(int samples, int members, SystemOptions options)
    {
        MeanCombiner<float> combiner = new("y", [], members);
        float[] rows = [.. Enumerable.Range(0, samples * 2).Select(i => (float)i)];
        return (new TensorRequest(samples, [rows], [(combiner, 2)], options.SegmentSize), () => ((OutputSlot<float>)combiner.Result).Span.ToArray());
    }

    private static float[] Expected(int samples, float factor) => [.. Enumerable.Range(0, samples * 2).Select(i => i * factor)];

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
    public async Task A_job_of_no_samples_is_done() => await Ended(System(Small, [[new("a", 0, 8, 1)]]), async system =>
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
    public async Task An_instance_without_room_once_is_not_left_for_other_failures_before()
    {
        const int Others = 5;
        StubInstance only = new("only", 0, 8, 1, 1)
        {
            OnPredict = static before =>
            {
                if (before < Others)
                    throw new FormatException("odd");
                if (before == Others)
                    throw new DeviceMemoryException("there", "m0", "no room", null);
            },
        };
        SystemOptions options = Small with { DeviceRetries = 3, Fallback = static (_, _) => [] };
        await using ThreadedSystem system = System(options, [only]);
        for (int i = 0; i < Others; i++)
            await Assert.ThrowsAsync<CleaveException>(() => system.RunAsync(Request(8, 1, options).Request).WaitAsync(Patience));
        (TensorRequest request, Func<float[]> result) = Request(8, 1, options);
        await system.RunAsync(request).WaitAsync(Patience);
        Assert.Equal(Expected(8, 1), result());
        Assert.Equal(["only"], system.Members[0].Instances);
    }

    [Fact]
    public async Task An_instance_without_room_is_left_though_another_answers()
    {
        int seen = -1;
        StubInstance well = new("well", 0, 4, 1, 1), without = new("without", 0, 4, 1, 1)
        {
            OnPredict = before =>
            {
                if (before >= InstanceWorker.MostWithoutRoom)
                    return;
                // The other one has answered since.
                Assert.True(SpinWait.SpinUntil(() => well.Added.Count > seen, Patience));
                seen = well.Added.Count;
                throw new DeviceMemoryException("there", "m0", "no room", null);
            },
        };
        SystemOptions options = Small with { DeviceRetries = 6, Fallback = static (_, _) => [] };
        await using ThreadedSystem system = System(options, [without, well]);
        (TensorRequest request, Func<float[]> result) = Request(400, 1, options);
        await system.RunAsync(request).WaitAsync(Patience);
        Assert.Equal(Expected(400, 1), result());
        Assert.Equal(["well"], system.Members[0].Instances);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_thread_that_is_interrupted_from_outside_goes_on(int slots)
    {
        ConcurrentDictionary<Thread, bool> threads = new();
        ListLogger log = new();
        SystemOptions options = Small with { Logger = log, Timeline = _ => threads[Thread.CurrentThread] = true };
        await using ThreadedSystem system = System(options, [new StubInstance("a", 0, 8, 1, slots)]);
        int interrupted = 0;
        for (int i = 0; i < 10; i++)
        {
            (TensorRequest request, Func<float[]> result) = Request(100, 1, Small);
            await system.RunAsync(request).WaitAsync(Patience);
            Assert.Equal(Expected(100, 1), result());
            // Each waits by now, or will.
            foreach (Thread thread in threads.Keys)
            {
                interrupted++;
                thread.Interrupt();
            }
            Assert.True(SpinWait.SpinUntil(() => log.Warnings.Length == interrupted, Patience));
        }
        Assert.All(log.Warnings, static w => Assert.Contains("was interrupted and goes on", w));
    }

    [Theory]
    [InlineData(1, "_free", nameof(BatchStage.Send))]
    [InlineData(3, "_free", nameof(BatchStage.Send))]
    [InlineData(3, "_loaded", nameof(BatchStage.Load))]
    [InlineData(3, "_predicted", nameof(BatchStage.Predict))]
    public async Task A_thread_that_is_interrupted_where_it_hands_on_what_others_wait_for_does_so(int slots, string queue, string after)
    {
        using ManualResetEventSlim loading = new(), go = new();
        ConcurrentDictionary<string, Thread> threads = new();
        StubInstance instance = new("a", 0, 8, 1, slots);
        instance.OnLoad = () =>
        {
            loading.Set();
            Assert.True(go.Wait(Patience));
        };
        ListLogger log = new();
        await using ThreadedSystem system = System(Small with { Logger = log, Timeline = span => threads[span.Stage.ToString()] = Thread.CurrentThread }, [instance]);
        object inside = Inside(system, queue);
        (TensorRequest request, Func<float[]> result) = Request(8, 1, Small);
        Task run = system.RunAsync(request);
        Assert.True(loading.Wait(Patience));
        lock (inside)
        {
            go.Set();
            Assert.True(SpinWait.SpinUntil(() => threads.TryGetValue(after, out Thread? thread) && thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
            threads[after].Interrupt();
        }
        await run.WaitAsync(Patience);
        Assert.Equal(Expected(8, 1), result());
        // Nothing was lost: the next ones find all they need.
        for (int i = 0; i < 5; i++)
        {
            (request, result) = Request(100, 1, Small);
            await system.RunAsync(request).WaitAsync(Patience);
            Assert.Equal(Expected(100, 1), result());
        }
        Assert.Contains("was interrupted and goes on", Assert.Single(log.Warnings));

        // The lock of that queue of the only instance.
        static object Inside(ThreadedSystem system, string queue) =>
            Field(Field(((Array)Field(Field(system, "_system"), "_members")).GetValue(0)!, "_now"), "_all") is IReadOnlyList<InstanceWorker> workers ? Field(Field(workers[0], queue), "_lock") : null!;

        static object Field(object of, string name) => of.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(of)!;
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
    public async Task A_segment_that_failed_is_tried_again_from_where_it_was()
    {
        StubInstance flaky = new("flaky", 0, 4, 1) { OnPredict = n => ThrowIf(n == 2 || n == 7) };
        SystemOptions options = Small with { Retries = 2 };
        await using ThreadedSystem system = System(options, [flaky], [new("fine", 1, 16, 3)]);
        (TensorRequest request, Func<float[]> result) = Request(64, 2, options);
        await system.RunAsync(request).WaitAsync(Patience);
        Assert.Equal(Expected(64, 2), result());
        MemberSnapshot member = system.Members[0];
        Assert.Equal((16, 2, 0), (member.Answers, member.Failures, member.FailuresInARow));
        Assert.Equal(16, flaky.Added.Count);
    }

    [Fact]
    public async Task A_member_that_always_fails_fails_requests_with_its_name_and_the_state_says_so()
    {
        StubInstance broken = new("broken", 1, 16, 1) { OnPredict = _ => ThrowIf(true) };
        SystemOptions options = Small with { Retries = 1 };
        await using ThreadedSystem system = System(options, [new("fine", 0, 16, 1)], [broken]);
        for (int i = 1; i <= 3; i++)
        {
            (TensorRequest request, _) = Request(100, 2, options);
            CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => system.RunAsync(request).WaitAsync(Patience));
            Assert.Equal("CLV4030", e.Id);
            Assert.Equal("CLV4030: The ensemble 'Vision' has no output for a request, because its member 'm1' failed; mend what it says, or take the member off the item: no", e.Message);
        }
        Assert.Equal(0, system.Members[0].Failures);
        MemberSnapshot state = system.Members[1];
        Assert.Equal((0, "no"), (state.Answers, state.LastFailure));
        Assert.Equal(state.Failures, state.FailuresInARow);
        Assert.True(state.Failures >= 6);
        // Another set of weights mends it, while the other member goes on.
        await system.ReplaceAsync("m1", [new StubInstance("mended", 1, 16, 3)]).WaitAsync(Patience);
        Assert.True(broken.IsDisposed);
        (TensorRequest again, Func<float[]> result) = Request(100, 2, options);
        await system.RunAsync(again).WaitAsync(Patience);
        Assert.Equal(Expected(100, 2), result());
    }

    [Fact]
    public async Task An_instance_that_is_lost_leaves_its_work_to_the_others_and_the_last_one_fails_all()
    {
        StubInstance first = new("first", 0, 16, 1, 1), second = new("second", 0, 16, 1, 1);
        SystemOptions options = Small with { Retries = 1 };
        await using ThreadedSystem system = System(options, [first, second]);
        first.OnPredict = _ => Lose(first);
        for (int i = 0; i < 20; i++)
        {
            (TensorRequest request, Func<float[]> result) = Request(64, 1, options);
            await system.RunAsync(request).WaitAsync(Patience);
            Assert.Equal(Expected(64, 1), result());
        }
        second.OnPredict = _ => Lose(second);
        first.OnPredict = _ => Lose(first);
        for (int i = 0; i < 3; i++)
        {
            (TensorRequest request, _) = Request(640, 1, options);
            Assert.Equal("CLV4030", (await Assert.ThrowsAsync<CleaveException>(() => system.RunAsync(request).WaitAsync(Patience))).Id);
        }
        Assert.Empty(system.Members[0].Instances);
        await system.ReplaceAsync("m0", [new StubInstance("new", 0, 16, 1)]).WaitAsync(Patience);
        (TensorRequest last, _) = Request(64, 1, options);
        await system.RunAsync(last).WaitAsync(Patience);

        static void Lose(StubInstance instance)
        {
            instance.IsLost = true;
            ThrowIf(true);
        }
    }

    [Fact]
    public async Task Cancelling_ends_a_job_and_no_other()
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

    private static void ThrowIf(bool fails)
    {
        if (fails)
            throw new InvalidOperationException("no");
    }
}
