using System;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Jobs;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>A job whose thread is interrupted ends all the same, and gives back what it has.</summary>
public sealed class InterruptedJobTests
{
    private const long Forever = 2_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void What_a_caller_waits_for_that_is_interrupted_is_stopped_and_given_back()
    {
        for (int i = 0; i < 20; i++)
        {
            if (IsStoppedWhereItsCallerIsInterrupted())
                return;
        }
        Assert.Fail("The caller's thread always ran the part that does not end.");
    }

    [Fact]
    public async Task A_job_whose_thread_is_interrupted_where_it_ends_ends()
    {
        using LooseRunner runner = SplitModel.Loop().Runner(Options(new Timeline()));
        using CancellationTokenSource source = new();
        CallBuffers[] parts = [.. Enumerable.Range(0, 2).Select(k => runner.Bound(SplitModel.LoopOf(1, k)))];
        runner.Engine.Gate.Enter();
        Job<Request, LooseOutput> job = new(runner, runner.Engine, parts, source.Token);
        using ManualResetEventSlim cancelling = new(), go = new();
        object stop = job.GetType().GetField("_stop", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(job)!;
        ((CancellationTokenSource)stop).Token.Register(() =>
        {
            cancelling.Set();
            Assert.True(go.Wait(Patience));
        });
        Task cancel = OwnThread.Run(source.Cancel);
        Assert.True(cancelling.Wait(Patience));
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(() => job.Start(callers: 2)));
        thread.Start();
        // It waits for the callback.
        Assert.True(SpinWait.SpinUntil(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
        thread.Interrupt();
        thread.Join(TimeSpan.FromMilliseconds(100));
        go.Set();
        Assert.True(thread.Join(Patience));
        await cancel.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.Outputs.WaitAsync(Patience));
        Assert.Null(thrown);
        Assert.Equal((0, 2), (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle));
    }

    // False where the caller's thread runs the part that does not end: then it does not wait.
    private static bool IsStoppedWhereItsCallerIsInterrupted()
    {
        Timeline timeline = new();
        using LooseRunner runner = SplitModel.Loop().Runner(Options(timeline));
        using CancellationTokenSource source = new();
        Exception? thrown = null;
        Thread caller = new(() => thrown = Record.Exception(() => runner.RunMany([SplitModel.LoopOf(1, 1), SplitModel.LoopOf(Forever, 1)], source.Token)));
        caller.Start();
        Assert.True(SpinWait.SpinUntil(() => timeline.Count == 1, Patience));
        bool waits = SpinWait.SpinUntil(() => caller.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(1));
        if (waits)
        {
            caller.Interrupt();
            Assert.True(caller.Join(Patience));
            Assert.IsType<ThreadInterruptedException>(thrown);
            Assert.True(SpinWait.SpinUntil(() => (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle) == (0, 2), TimeSpan.FromSeconds(20)));
        }
        source.Cancel();
        Assert.True(caller.Join(Patience));
        return waits;
    }

    // With one mode: while another is being opened, the runner's gate counts that, too.
    private static RunnerOptions Options(Timeline timeline) =>
        new() { Deterministic = true, Plan = PlanChoice.Whole, Cores = 2, Ledger = Ledgers.Own(2), Timeline = timeline };
}
