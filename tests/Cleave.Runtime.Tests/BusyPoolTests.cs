using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Ensembles;
using Cleave.Runtime.Tests.Support;
using Cleave.Workers;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests;

/// <summary>The thread pool is that of all tests: these run alone.</summary>
[CollectionDefinition(nameof(BusyPoolTests), DisableParallelization = true)]
public sealed class BusyPoolTestsCollection;

/// <summary>What blocks its caller must end while all threads of the pool wait, perhaps for it.</summary>
[Collection(nameof(BusyPoolTests))]
public sealed class BusyPoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static ModelProto Rows(float factor) => Model(
        [Tensor("x", ElementType.Float, "batch", 2)], [Tensor("y", ElementType.Float, "batch", 2)], [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]);

    private static Request Samples(int count) => (ref InputBinder b) =>
    {
        b.Dim(count);
        b.Copy<float>(0, Enumerable.Repeat(1f, 2 * count).ToArray());
    };

    [Fact]
    public void A_runner_is_disposed()
    {
        LooseRunner runner = LooseRunner.Of(Rows(2), new() { Ledger = Ledgers.Own(2) });
        Ask(runner, 1);
        // Its thread ends after the disposal has begun to wait for that.
        runner.Engine.Workers.Enqueue(new Pause());
        EndsWithoutThePool(runner.Dispose);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_ensemble_is_disposed(bool hasServed)
    {
        LooseEnsemble ensemble = Ensemble();
        Ask(ensemble, 1);
        if (hasServed)
            Ask(ensemble, 9);
        EndsWithoutThePool(ensemble.Dispose);
        Assert.Throws<ObjectDisposedException>(() => ensemble.Run(Samples(1)));
    }

    [Fact]
    public void An_ensemble_runs_many()
    {
        using LooseEnsemble ensemble = Ensemble();
        EndsWithoutThePool(() =>
        {
            foreach (LooseOutput output in ensemble.RunMany([Samples(1), Samples(2)]))
                output.Dispose();
        });
    }

    [Fact]
    public void A_runner_runs_many()
    {
        using LooseRunner runner = LooseRunner.Of(Rows(2), new() { Ledger = Ledgers.Own(2) });
        EndsWithoutThePool(() =>
        {
            foreach (LooseOutput output in runner.RunMany([Samples(1), Samples(2)]))
                output.Dispose();
        });
    }

    private sealed class Pause : IWorkItem
    {
        public void Execute() => Thread.Sleep(500);
    }

    private static LooseEnsemble Ensemble() => LooseEnsemble.Batched([Rows(2), Rows(3)], CombinationRule.Mean, new()
    {
        Ledger = Ledgers.Own(2),
        Cells = new Dictionary<string, EnsembleCell> { ["m0"] = new(1, 1, 4), ["m1"] = new(1, 1, 4) },
    });

    private static void Ask(IModelRunner<Request, LooseOutput> runner, int samples)
    {
        using LooseOutput output = runner.RunAsync(Samples(samples)).GetAwaiter().GetResult();
        Assert.Equal(2 * samples, output.Get<float>(0).Length);
    }

    private static void EndsWithoutThePool(Action action)
    {
        // Far more than the pool adds threads for meanwhile.
        const int Many = 500;
        using ManualResetEvent over = new(false);
        using CountdownEvent left = new(Many);
        for (int i = 0; i < Many; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ =>
            {
                over.WaitOne();
                left.Signal();
            }, null);
        }
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(action)) { IsBackground = true };
        try
        {
            thread.Start();
            Assert.True(thread.Join(Patience), "It waits for the thread pool.");
            Assert.Null(thrown);
        }
        finally
        {
            over.Set();
            left.Wait();
            thread.Join();
        }
    }
}
