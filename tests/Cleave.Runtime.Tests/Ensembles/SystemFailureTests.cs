using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Emulator;
using Cleave.Ensembles.Serving;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>The inference system where instances fail, have no room or are lost, and threads are interrupted.</summary>
public sealed class SystemFailureTests : SystemTestBase
{
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
        int seen = -1, failed = 0;
        StubInstance well = new("well", 0, 4, 1, 1)
        {
            // The other one has failed since, so that this one is not done with all before that is left.
            OnPredict = before => Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref failed) >= Math.Min(before, InstanceWorker.MostWithoutRoom), Patience)),
        };
        StubInstance without = new("without", 0, 4, 1, 1)
        {
            OnPredict = before =>
            {
                if (before >= InstanceWorker.MostWithoutRoom)
                    return;
                // The other one has answered since.
                Assert.True(SpinWait.SpinUntil(() => well.Added.Count > seen, Patience));
                seen = well.Added.Count;
                Interlocked.Increment(ref failed);
                throw new DeviceMemoryException("there", "m0", "no room", null);
            },
        };
        SystemOptions options = Small with { DeviceRetries = 6, Fallback = static (_, _) => [] };
        await using ThreadedSystem system = System(options, [without, well]);
        (TensorRequest request, Func<float[]> result) = Request(400, 1, options);
        await system.RunAsync(request).WaitAsync(Patience);
        Assert.Equal(Expected(400, 1), result());
        Assert.True(SpinWait.SpinUntil(() => system.Members[0].Instances.SequenceEqual(["well"]), Patience));
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
        // It comes where the thread blocks next, and is to be none of a later request's.
        Assert.True(SpinWait.SpinUntil(() => log.Warnings.Length > 0, Patience));
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
            Field(Generation(system), "_all") is IReadOnlyList<InstanceWorker> workers ? Field(Field(workers[0], queue), "_lock") : null!;
    }

    public enum LostAt
    {
        Leaving,
        Waking,
        Abandoning,
    }

    [Theory]
    [InlineData(LostAt.Leaving)]
    [InlineData(LostAt.Waking)]
    [InlineData(LostAt.Abandoning)]
    public async Task An_instance_whose_thread_is_interrupted_while_it_is_lost_is_lost_all_the_same(LostAt at)
    {
        using ManualResetEventSlim there = new(), go = new();
        Thread? thread = null;
        bool isOn = false;
        StubInstance only = new("only", 0, 8, 1, 1);
        only.OnPredict = _ =>
        {
            if (at != LostAt.Abandoning)
                Stand();
            only.IsLost = true;
            ThrowIf(true);
        };
        SystemOptions options = Small with
        {
            Retries = 3,
            DeviceRetries = 3,
            Fallback = (_, _) =>
            {
                if (at == LostAt.Abandoning)
                    Stand();
                return [];
            },
        };
        await using ThreadedSystem system = System(options, [only]);
        MemberGeneration generation = Generation(system);
        object inside = Field(at == LostAt.Leaving ? generation : generation.Queue, "_lock");
        Task run = system.RunAsync(Request(8, 1, options).Request);
        Assert.True(there.Wait(Patience));
        lock (inside)
        {
            go.Set();
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref isOn) && thread!.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
            thread!.Interrupt();
        }
        // Nobody is left to take it.
        Assert.Equal("CLV4030", (await Assert.ThrowsAsync<CleaveException>(() => run.WaitAsync(Patience))).Id);
        Assert.Empty(system.Members[0].Instances);
        Assert.Equal("CLV4030", (await Assert.ThrowsAsync<CleaveException>(() => system.RunAsync(Request(8, 1, options).Request).WaitAsync(Patience))).Id);

        void Stand()
        {
            thread = Thread.CurrentThread;
            there.Set();
            Assert.True(go.Wait(Patience));
            Volatile.Write(ref isOn, true);
        }
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

    // The instances of the only member.
    private static MemberGeneration Generation(ThreadedSystem system) => (MemberGeneration)Field(((Array)Field(Field(system, "_system"), "_members")).GetValue(0)!, "_now");

    private static object Field(object of, string name) => of.GetType().GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(of)!;
}
