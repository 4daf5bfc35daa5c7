using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Elements;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Prepared;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Reloading;

/// <summary>Other weights take the place of a runner's.</summary>
public sealed class ReloadTests : BatchingTestBase
{
    private static readonly float[] Ones = [1, 1, 1, 1];

    [Fact]
    public async Task A_runner_that_is_gone_needs_no_other_sessions()
    {
        ListLogger logger = new();
        LooseRunner runner = LooseRunner.Of(Models.Times(2), new() { Cores = 1, Logger = logger });
        runner.Dispose();
        await runner.Engine.Home.ReopenInBackground(logger);
        Assert.Empty(logger.Warnings);
    }

    [Fact]
    public async Task From_then_on_requests_get_the_new_weights()
    {
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        Assert.Equal(2, Models.FactorOf(runner));
        await runner.ReloadAsync(Times(3));
        Assert.Equal(3, Models.FactorOf(runner));
        using (LooseOutput output = await runner.RunAsync(Input))
            Assert.Equal([3, 3, 3, 3], output.Get<float>(0).ToArray());
        foreach (LooseOutput output in await runner.RunManyAsync([Input, Input]))
        {
            Assert.Equal(3, output.Get<float>(0)[0]);
            output.Dispose();
        }
        await runner.ReloadAsync(Times(4));
        Assert.Equal(4, Models.FactorOf(runner));
    }

    /// <summary>A service that reloads from bytes would keep a model for each time.</summary>
    [Fact]
    public async Task Engines_whose_place_was_taken_are_not_kept()
    {
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        WeakReference[] old = [await Replace(3), await Replace(4)];
        // What closed the last one may be below on this stack; a thread that is about to end may hold one for a moment.
        await Task.Yield();
        Assert.True(SpinWait.SpinUntil(() => AreGone(old), Patience));
        Assert.Equal(4, Models.FactorOf(runner));

        async Task<WeakReference> Replace(float factor)
        {
            WeakReference before = Now();
            await runner.ReloadAsync(Times(factor));
            return before;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Now() => new(runner.Engine);

        static bool AreGone(WeakReference[] engines)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !Array.Exists(engines, static e => e.IsAlive);
        }
    }

    [Fact]
    public async Task A_file_is_replaced_by_renaming_and_reloaded()
    {
        using TempFolder folder = new();
        string path = folder.Write("model.onnx", Models.Times(2).ToByteArray());
        await using LooseRunner runner = new(Definitions.OfFile(path), new() { Model = ModelSource.File(path) });
        Assert.Equal(2, Models.FactorOf(runner));
        File.Move(folder.Write("new.onnx", Models.Times(3).ToByteArray()), path, overwrite: true);
        Assert.Equal(2, Models.FactorOf(runner));
        await runner.ReloadAsync(ModelSource.File(path));
        File.Delete(path);
        Assert.Equal(3, Models.FactorOf(runner));
    }

    [Fact]
    public async Task A_call_keeps_its_memory_and_moves_with_the_runner()
    {
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        LooseCall idle = runner.CreateCall(static (ref InputBinder _) => { });
        LooseCall call = runner.CreateCall(static (ref InputBinder _) => { });
        Ones.CopyTo(call.In<float>(0));
        for (int i = 0; i < 3; i++)
            call.Run();
        RunnerEngine old = runner.Engine;
        await runner.ReloadAsync(Times(3));
        Assert.Equal([2, 2, 2, 2], call.Out<float>(0).ToArray());
        Assert.Equal(Ones, call.In<float>(0).ToArray());
        for (int i = 0; i < 3; i++)
        {
            call.Run();
            Assert.Equal([3, 3, 3, 3], call.Out<float>(0).ToArray());
        }
        call.Run(new CancellationTokenSource().Token);
        Assert.Equal((1, 1), (old.Pool.Rented, runner.Engine.Pool.Rented));
        idle.Dispose();
        call.Dispose();
        Assert.Equal((0, 0, 0), (old.Pool.Rented, old.Pool.Idle, runner.Engine.Pool.Rented));
        Assert.Throws<ObjectDisposedException>(() => call.Run());
    }

    [Fact]
    public async Task A_call_that_could_not_move_does_so_at_its_next_run()
    {
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        CallBuffers call = runner.Engine.Pool.Rent([]);
        Ones.CopyTo(((InputSlot<float>)call.Inputs[0]).Span);
        RunHere();
        await runner.ReloadAsync(Times(3));
        SegmentSession session = runner.Engine.Plan.Sessions[0];
        session.Check = new PreparedCheck("test", static _ => throw new InvalidOperationException("not now"));
        Assert.Equal("not now", Assert.Throws<InvalidOperationException>(RunHere).Message);
        // An ensemble asks before each run.
        Assert.False(call.IsSettled);
        session.Check = null;
        RunHere();
        Assert.Equal(3, ((NumberOutput<float>)call.Outputs[0]).Span[0]);
        call.Release(call.Generation);
        Assert.Equal((0, 1), (runner.Engine.Pool.Rented, runner.Engine.Pool.Idle));

        void RunHere()
        {
            RunnerEngine engine = call.Enter();
            try
            {
                call.Run(engine, call.Generation, CancellationToken.None);
            }
            finally
            {
                engine.Gate.Exit();
            }
        }
    }

    /// <summary>Made-up inputs may run without end, or end the process, as integers that divide by zero do.</summary>
    [Fact]
    public async Task Where_all_buffers_are_in_use_nothing_is_run()
    {
        Timeline runs = new();
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2), new() { Timeline = runs });
        using LooseCall call = runner.CreateCall(static (ref InputBinder _) => { });
        call.Run();
        int before = runs.Count;
        Assert.NotEqual(0, before);
        await runner.ReloadAsync(Times(3));
        Assert.Equal(before, runs.Count);
        Assert.Equal((0, 0), (runner.Engine.Pool.Idle, runner.Engine.Pool.Rented));
    }

    [Fact]
    public async Task Reloads_at_the_same_time_go_one_after_the_other()
    {
        int opening = 0, most = 0;
        // One core: no session of another mode is opened beside them.
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            Cores = 1,
            ConfigureSession = (_, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref opening));
                Thread.Yield();
                Interlocked.Decrement(ref opening);
            },
        });
        float[] factors = [3, 4, 5, 6, 7, 8];
        Task[] reloads = [.. factors.Select(factor => Task.Run(() => runner.ReloadAsync(Times(factor))))];
        Task refused = Task.Run(() => runner.ReloadAsync(ModelSource.Bytes(Models.Toy().ToByteArray())));
        while (!Task.WhenAll(reloads).IsCompleted)
            Assert.Contains(Models.FactorOf(runner), factors.Prepend(2));
        await Task.WhenAll(reloads).WaitAsync(Patience);
        await Assert.ThrowsAsync<CleaveException>(() => refused.WaitAsync(Patience));
        Assert.Equal(1, most);
        Assert.Contains(Models.FactorOf(runner), factors);
        Assert.Equal(0, runner.Engine.Gate.Inside);
    }

    [Fact]
    public async Task It_can_be_cancelled_while_the_model_is_opened()
    {
        using CancellationTokenSource source = new();
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2), new() { ConfigureSession = (_, _) => CancelReload(source) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.ReloadAsync(Times(3), source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.ReloadAsync(Times(3), new CancellationToken(canceled: true)));
        Assert.Equal((2, 0), (Models.FactorOf(runner), runner.Engine.Gate.Inside));
    }

    [Fact]
    public async Task Disposal_waits_for_a_reload_which_ends_without_effect()
    {
        using ManualResetEventSlim opens = new(), mayOpen = new();
        ListLogger logger = new();
        LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            Logger = logger,
            ConfigureSession = (_, _) =>
            {
                if (Thread.CurrentThread.Name is not { } name || !name.EndsWith(" reload", StringComparison.Ordinal))
                    return;
                opens.Set();
                mayOpen.Wait(Patience);
            },
        });
        Task reload = runner.ReloadAsync(Times(3));
        Assert.True(opens.Wait(Patience));
        Task disposal = OwnThread.Run(() =>
        {
            runner.Dispose();
            return reload.IsCompleted;
        });
        await Until(() => runner.Engine.Gate.IsClosed);
        Assert.False(disposal.IsCompleted);
        mayOpen.Set();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reload.WaitAsync(Patience));
        await disposal.WaitAsync(Patience);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => runner.ReloadAsync(Times(4)));
        Assert.DoesNotContain(logger.Lines, static l => l.Contains("from now on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_batch_spans_a_reload_and_each_request_ends_with_the_weights_it_came_to()
    {
        await using LooseRunner runner = Runner();
        RunnerEngine old = runner.Engine;
        // One runs, three wait.
        Task<Answer>[] before = await Waiting(runner, 3);
        Task reload = runner.ReloadAsync(Model.Retrained(2));
        await Until(() => runner.Engine != old);
        Task<Answer> held = Ask(runner, asynchronously: true, [0], 0);
        await Until(() => Model.Runs == 2);
        Task<Answer>[] after = [.. Enumerable.Range(0, 2).Select(i => Ask(runner, asynchronously: true, [i], 0))];
        await Until(() => runner.Engine.Queue!.Waiting == 2);
        Assert.Equal((3, false), (old.Queue!.Waiting, reload.IsCompleted));
        Model.Open();
        await reload.WaitAsync(Patience);
        Answer first = await before[0];
        Assert.Equal([10, 10], first.Y);
        for (int i = 0; i < 3; i++)
            AssertEqual(await before[i + 1], 10 + i, together: 3);
        AssertEqual(await held, 20, together: 1);
        for (int i = 0; i < 2; i++)
            AssertEqual(await after[i], 20 + i, together: 2);
        AssertAtRest(runner);
        Assert.True(old.Workers.Ended.IsCompleted);
        Assert.Equal((0, 0, 0), (old.Gate.Inside, old.Pool.Idle, old.Pool.Rented));
    }

    [Fact]
    public async Task What_was_open_is_opened_and_run_before_traffic_moves()
    {
        ListLogger logger = new();
        ManualClock clock = new();
        await using LooseRunner runner = Towers.Runner(new() { Cores = 2, Ledger = Ledgers.Own(2, clock), Logger = logger });
        float[] x = Towers.Input(1), y = [];
        for (int i = 0; i < 30; i++)
        {
            y = Run(runner, x);
            clock.Pass(0.5);
        }
        RunnerEngine old = runner.Engine;
        await Until(() => Enumerable.Range(0, old.Modes.Count).All(m => old.Modes.Find(m) != null));
        Assert.Equal(3, old.Modes.Count);
        await runner.ReloadAsync(ModelSource.Bytes(Towers.Model().ToByteArray()));
        RunnerEngine now = runner.Engine;
        Assert.NotSame(old, now);
        Assert.All(Enumerable.Range(0, 3), m => Assert.NotNull(now.Modes.Find(m)));
        Assert.Same(old.Times, now.Times);
        // Its buffers are bound, and idle.
        Assert.Equal((1, 0), (now.Pool.Idle, now.Pool.Rented));
        Assert.True(now.Pool.TakeRecent(1)[0].OutputsAreBound);
        Assert.Equal(y, Run(runner, x));
        Assert.Equal((0, 0), (now.Modes.Ledger.Busy, now.Modes.Ledger.InFlight));
        Assert.Contains(logger.Lines, l => l.Contains("from now on: about", StringComparison.Ordinal));
        Assert.Same(runner.Engine.Modes, Assert.Single(now.Modes.Ledger.Runners.ToList()).Modes);
    }

    [SkippableFact]
    public async Task Pinned_lanes_keep_their_processors()
    {
        Skip.If(Cores.AffinityMask.Processors().Length < 2, "skipped: the process has one processor");
        ListLogger logger = new();
        Cleave.Ledger.CoreLedger ledger = Ledgers.Own(2);
        await using LooseRunner runner = Towers.Runner(new() { Pinning = true, Plan = PlanChoice.Split, Ledger = ledger, Logger = logger });
        int[][] lanes = runner.Engine.Plan.Lease!.Lanes;
        await runner.ReloadAsync(ModelSource.Bytes(Towers.Model().ToByteArray()));
        Assert.Equal(lanes, runner.Engine.Plan.Lease!.Lanes);
        Assert.Empty(logger.Warnings);
    }

    private static void AssertEqual(Answer answer, float y, long together)
    {
        Assert.Equal([y], answer.Y);
        Assert.Equal(together, answer.Together);
    }

    private static void CancelReload(CancellationTokenSource source)
    {
        if (Thread.CurrentThread.Name is { } name && name.EndsWith(" reload", StringComparison.Ordinal))
            source.Cancel();
    }

    private static ModelSource Times(float factor) => ModelSource.Bytes(Models.Times(factor).ToByteArray());

    private static void Input(ref InputBinder binder) => binder.Copy<float>(0, Ones);

    private static float[] Run(LooseRunner runner, float[] x)
    {
        using LooseOutput output = runner.Run(Towers.Request(x));
        return output.Get<float>(0).Span.ToArray();
    }
}
