using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Ensembles;
using Cleave.Runtime.Tests.Support;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests;

/// <summary>Buffers: who owns them, what they cost, and what happens to those that are forgotten.</summary>
public sealed class CallTests
{
    private static readonly float[] X = [1, 2, 3, 4];

    [Fact]
    public void A_call_allocates_nothing_once_it_ran()
    {
        // A second does not pass: once in each the ledger has the cores counted again, by a thread of the pool.
        ManualClock clock = new();
        using LooseRunner runner = LooseRunner.Of(Models.Toy(), new() { Cores = 2, Ledger = Ledgers.Own(2, clock) });
        using LooseCall call = runner.CreateCall((ref _) => { });
        call.In<float>(0).Fill(1);
        Run(call, 100);
        // The runner opens its other modes, and a call's first runs in one allocate.
        Assert.True(SpinWait.SpinUntil(
            () => Enumerable.Range(0, runner.Engine.Modes.Count).All(m => runner.Engine.Modes.Find(m) != null), TimeSpan.FromMinutes(1)));
        Run(call, 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        float sum = 0;
        for (int i = 0; i < 1000; i++)
        {
            call.In<float>(0)[0] = i;
            call.Run();
            clock.Pass(0.1);
            sum += call.Out<float>(0).Span[0];
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(float.IsFinite(sum));

        void Run(LooseCall call, int times)
        {
            for (int i = 0; i < times; i++)
            {
                call.Run();
                clock.Pass(0.1);
            }
        }
    }

    [Fact]
    public void Buffers_are_used_again_and_old_outputs_say_so()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        LooseOutput first = runner.Run((ref b) => b.Copy<float>(0, X));
        OutputTensor<float> kept = first.Get<float>(0);
        Assert.Equal(8f, kept[3]);
        first.Dispose();
        first.Dispose();
        Assert.Equal(1, runner.Engine.Pool.Idle);
        Assert.Throws<ObjectDisposedException>(() => kept[3]);
        using LooseOutput second = runner.Run((ref b) => b.Copy<float>(0, X));
        Assert.Equal(0, runner.Engine.Pool.Idle);
        Assert.Throws<ObjectDisposedException>(() => kept.Shape.Length);
        first.Dispose();
        Assert.Equal(8f, second.Get<float>(0)[3]);
    }

    [Fact]
    public void Outputs_outlive_the_runner()
    {
        LooseRunner runner = LooseRunner.Of(Models.Times(2));
        LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, X));
        LooseCall call = runner.CreateCall((ref _) => { });
        call.Run();
        runner.Dispose();
        Assert.Equal([2f, 4, 6, 8], output.Get<float>(0).ToArray());
        Assert.Throws<ObjectDisposedException>(() => call.Run());
        call.In<float>(0)[0] = 1;
        call.Dispose();
        call.Dispose();
        Assert.Throws<ObjectDisposedException>(() => call.In<float>(0).Length);
        output.Dispose();
        Assert.Equal(0, runner.Engine.Pool.Idle);
    }

    [Fact]
    public void A_call_that_has_not_run_has_no_output()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Lookup());
        using LooseCall call = runner.CreateCall((ref _) => { });
        Assert.Throws<InvalidOperationException>(() => call.Out<float>(0).Length);
        call.In<long>(0)[0] = 2;
        call.Run();
        Assert.Equal(12f, call.Out<float>(0)[0]);
        call.In<long>(0)[0] = 99;
        CleaveException e = Assert.Throws<CleaveException>(() => call.Run());
        Assert.Equal("CLV4008", e.Id);
        Assert.Contains("'Whole'", e.Message);
        Assert.IsType<OnnxRuntimeException>(e.InnerException);
        Assert.EndsWith("CLV4008.md", e.HelpLink);
        Assert.Throws<InvalidOperationException>(() => call.Out<float>(0).Length);
        call.In<long>(0)[0] = 3;
        call.Run();
        Assert.Equal(13f, call.Out<float>(0)[0]);
    }

    [Fact]
    public async Task A_failing_run_leaves_the_runner_usable()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Lookup());
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("CLV4008", Assert.Throws<CleaveException>(() => runner.Run((ref b) => b.Copy<long>(0, new long[] { 50 }))).Id);
            Assert.Equal("CLV4008", (await Assert.ThrowsAsync<CleaveException>(() => runner.RunAsync((ref b) => b.Copy<long>(0, new long[] { 50 })))).Id);
            using LooseOutput output = runner.Run((ref b) => b.Copy<long>(0, new long[] { 1 }));
            Assert.Equal(11f, output.Get<float>(0)[0]);
        }
    }

    [Fact]
    public void The_pool_is_bounded()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Identity(Core.Graph.ElementType.Float));
        for (int n = 1; n <= 200; n++)
        {
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Dim(n);
                b.Copy<float>(0, new float[n]);
            });
        }
        Assert.Equal(64, runner.Engine.Pool.Idle);
        // Large ones of sizes that do not come again: of them the last is kept.
        for (int n = 10_000_000; n < 10_000_004; n++)
        {
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Dim(n);
                b.Copy<float>(0, new float[n]);
            });
        }
        Assert.Equal(1, runner.Engine.Pool.Idle);
    }

    [Fact]
    public void Wrong_lengths_are_named_before_anything_runs()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Bert());
        ArgumentException e = Assert.Throws<ArgumentException>(() => Run(2, 3, new long[5]));
        Assert.Contains("'input_ids'", e.Message);
        Assert.Contains("[batch = 2, sequence = 3]: 6 elements of type int64; 5 came", e.Message);
        Assert.Equal("input_ids", e.ParamName);
        Assert.Contains("'batch'", Assert.Throws<ArgumentOutOfRangeException>(() => Run(-1, 3, [])).Message);
        Assert.Contains("more than 2147483527 elements", Assert.Throws<ArgumentException>(() => Run(int.MaxValue, 2, [])).Message);
        Assert.Throws<ArgumentException>(() => Run(int.MaxValue, int.MaxValue, []));
        Assert.Throws<ArgumentException>(() => runner.CreateCall((ref b) =>
        {
            b.Dim(int.MaxValue);
            b.Dim(int.MaxValue);
        }));
        Run(int.MaxValue, 0, []).Dispose();
        Assert.Throws<ArgumentException>(() => runner.Run((ref b) =>
        {
            b.Dim(1);
            b.Dim(1);
            b.Copy<float>(0, new float[1]);
        }));
        Assert.Throws<InvalidOperationException>(() => runner.Run((ref b) => b.Dim(1)));
        Assert.Throws<InvalidOperationException>(() => runner.Run((ref b) =>
        {
            b.Dim(1);
            b.Dim(1);
            b.Dim(1);
        }));
        Assert.Throws<InvalidOperationException>(() => runner.Run((ref b) =>
        {
            b.Dim(1);
            b.Dim(1);
            b.Copy<long>(0, new long[1]);
        }));
        // Nothing of that was lost or left in the pool half done.
        using LooseOutput good = Run(1, 1, [5]);
        Assert.Equal(6f, good.Get<float>(0)[0]);

        LooseOutput Run(int batch, int sequence, long[] ids) => runner.Run((ref b) =>
        {
            b.Dim(batch);
            b.Dim(sequence);
            b.Copy<long>(0, ids);
            b.Copy(1, 1L);
        });
    }

    [Fact]
    public void A_request_costs_no_more_memory_than_it_brings()
    {
        ModelProto model = Model(
            [Tensor("a", ElementType.Float, "n"), Tensor("b", ElementType.Float, "m"), Tensor("c", ElementType.Float, "m")], [Tensor("y", ElementType.Float, "k")],
            [Node("Concat", ["a", "b", "c"], ["y"], Int("axis", 0))]);
        using LooseRunner runner = LooseRunner.Of(model);
        using LooseEnsemble ensemble = new(
            new EnsembleDefinition(1, "Pair", Definitions.Of(model).Inputs, [new EnsembleMember("m0", Definitions.Of(model), [0, 1, 2])], [new EnsembleOutput(Definitions.Of(model).Outputs[0], CombinationRule.Mean, [0], [])]),
            LooseEnsemble.With([model]), null);
        Assert.Equal([1, 2, 2, 3, 3], Run(runner, 2, 2));
        Assert.Equal([1, 2, 2, 3, 3], Run(ensemble, 2, 2));
        foreach (IModelRunner<Request, LooseOutput> asked in new IModelRunner<Request, LooseOutput>[] { runner, ensemble })
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 3; i++)
                Assert.Equal("b", Assert.Throws<ArgumentException>(() => Run(asked, 10_000_000 + i, 1)).ParamName);
            // The last input is the one that is missing.
            Assert.Equal("c", Assert.Throws<ArgumentException>(() => Run(asked, 3, 3, third: 2)).ParamName);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
            Assert.Equal([1, 2, 2, 2, 3, 3, 3], Run(asked, 3, 3));
        }

        static float[] Run(IModelRunner<Request, LooseOutput> runner, int claimed, int given, int? third = null)
        {
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Dim(1);
                b.Dim(claimed);
                b.Copy<float>(0, new float[] { 1 });
                b.Copy<float>(1, Enumerable.Repeat(2f, given).ToArray());
                b.Copy<float>(2, Enumerable.Repeat(3f, third ?? given).ToArray());
            });
            return output.Get<float>(0).ToArray();
        }
    }

    [Fact]
    public async Task Failures_of_RunAsync_come_with_the_task()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        Task<LooseOutput> wrong = runner.RunAsync((ref b) => b.Copy<float>(0, new float[3]));
        await Assert.ThrowsAsync<ArgumentException>(() => wrong);
        Task<LooseOutput> nothing = runner.RunAsync(null!);
        await Assert.ThrowsAsync<ArgumentNullException>(() => nothing);
        runner.Dispose();
        Task<LooseOutput> late = runner.RunAsync((ref b) => b.Copy<float>(0, X));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => late);
        Assert.Throws<ObjectDisposedException>(() => runner.Run((ref b) => b.Copy<float>(0, X)));
        Assert.Throws<ObjectDisposedException>(() => runner.CreateCall((ref _) => { }));
    }

    [Fact]
    public async Task The_input_may_change_once_RunAsync_returned()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Times(2));
        float[] x = new float[4];
        Task<LooseOutput>[] tasks = new Task<LooseOutput>[50];
        for (int i = 0; i < tasks.Length; i++)
        {
            Array.Fill(x, i);
            tasks[i] = runner.RunAsync((ref b) => b.Copy<float>(0, x));
        }
        for (int i = 0; i < tasks.Length; i++)
        {
            using LooseOutput output = await tasks[i];
            Assert.Equal(2f * i, output.Get<float>(0)[0]);
        }
    }

    [Fact]
    public void What_is_forgotten_is_garbage()
    {
        (WeakReference runner, Task threads) = Forget();
        Assert.True(SpinWait.SpinUntil(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !runner.IsAlive && threads.IsCompleted;
        }, TimeSpan.FromSeconds(10)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (WeakReference, Task) Forget()
        {
            LooseRunner runner = LooseRunner.Of(Models.Times(2));
            // Neither outputs, calls nor the runner are disposed; a worker thread is alive.
            for (int i = 0; i < 10; i++)
            {
                runner.Run((ref b) => b.Copy<float>(0, X));
                runner.CreateCall((ref _) => { }).Run();
                runner.RunAsync((ref b) => b.Copy<float>(0, X)).Wait(TimeSpan.FromSeconds(10));
            }
            return (new WeakReference(runner), runner.Engine.Workers.Ended);
        }
    }
}
