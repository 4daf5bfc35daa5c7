using System;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Jobs;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>A job whose thread is interrupted ends all the same, and gives back what it has.</summary>
public sealed class InterruptedJobTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void What_a_caller_waits_for_that_is_interrupted_is_given_back()
    {
        Exception? thrown = null;
        using HoldingRunner runner = HoldingRunner.OfLoop();
        Thread caller = new(() => thrown = Record.Exception(() => runner.RunMany([SplitModel.LoopOf(1, 1), SplitModel.LoopOf(2, 1)])));
        runner.Caller = caller;
        caller.Start();
        Assert.True(SpinWait.SpinUntil(() => runner.IsCallerOn && caller.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
        caller.Interrupt();
        Assert.True(caller.Join(Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        Assert.Equal((1, 0), (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle));
        runner.Go.Set();
        Assert.True(SpinWait.SpinUntil(() => (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle) == (0, 2), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_job_whose_thread_is_interrupted_where_it_ends_ends()
    {
        using LooseRunner runner = SplitModel.Loop().Runner(Options());
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

    // With one mode: while another is being opened, the runner's gate counts that, too.
    private static RunnerOptions Options() =>
        new() { Deterministic = true, Plan = PlanChoice.Whole, Cores = 2, Ledger = Ledgers.Own(2) };

    /// <summary>The caller's thread ends its part once another has run the other part; that one waits.</summary>
    private sealed class HoldingRunner(ModelDefinition definition, RunnerOptions options) : ModelRunner<Request, LooseOutput>(definition, options)
    {
        private readonly ManualResetEventSlim _other = new();
        private volatile bool _isCallerOn;

        public Thread? Caller { get; set; }

        public ManualResetEventSlim Go { get; } = new();

        public bool IsCallerOn => _isCallerOn;

        public static HoldingRunner OfLoop()
        {
            ModelProto model = Models.Loop();
            RunnerOptions options = Options();
            options.Model = ModelSource.Bytes(model.ToByteArray());
            return new HoldingRunner(Definitions.Of(model), options);
        }

        protected override void Bind(Request input, ref InputBinder binder) => input(ref binder);

        protected override LooseOutput Collect(OutputBuffers outputs)
        {
            if (Thread.CurrentThread == Caller)
            {
                Assert.True(_other.Wait(Patience));
                _isCallerOn = true;
            }
            else
            {
                _other.Set();
                Assert.True(Go.Wait(Patience));
            }
            return new LooseOutput(outputs);
        }
    }
}
