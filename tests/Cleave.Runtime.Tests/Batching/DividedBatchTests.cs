using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.Workers;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>Batches that are divided over instances.</summary>
public sealed class DividedBatchTests : BatchingTestBase
{
    private static readonly float[] X = [1, 2, 3, 4, 5, 6, 7, 8];
    private static readonly long[] Index = [0, 1, 2, 3, 3, 2, 1, 0];

    private readonly ManualClock _clock = new();

    [Fact]
    public void Each_slice_is_run_where_it_lies_and_writes_its_part()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X, Index);
        // The first run learns the shapes.
        call.Run();
        Assert.Equal([8, 8, 8, 8, 8, 8, 8, 8], call.Out<long>(1).ToArray());
        Assert.Equal(0, runner.Engine.Divider!.Divided);
        ref float memory = ref MemoryMarshal.GetReference(call.Out<float>(0).Span);
        for (int run = 1; run <= 5; run++)
        {
            call.In<float>(0)[0] = 100 * run;
            call.Run();
            float[] x = [.. X];
            x[0] = 100 * run;
            Assert.Equal(Model.Expected(x, Index), call.Out<float>(0).ToArray());
            Assert.Equal([4, 4, 4, 4, 4, 4, 4, 4], call.Out<long>(1).ToArray());
            Assert.Equal(run, runner.Engine.Divider!.Divided);
            Assert.True(Unsafe.AreSame(ref memory, ref MemoryMarshal.GetReference(call.Out<float>(0).Span)));
        }
        Assert.Equal((0, 0), (runner.Engine.Modes.Ledger.Busy, runner.Engine.Modes.Ledger.InFlight));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Requests_are_divided_too(bool asynchronously)
    {
        using LooseRunner runner = Runner();
        for (int i = 0; i < 4; i++)
        {
            Task<LooseOutput> task = asynchronously ? runner.RunAsync(Model.Request(X, Index)) : OwnThread.Run(() => runner.Run(Model.Request(X, Index)));
            using LooseOutput output = await task;
            Assert.Equal(Model.Expected(X, Index), output.Get<float>(0).ToArray());
            Assert.Equal(i == 0 ? 8 : 4, output.Get<long>(1)[0]);
        }
        RunnerSnapshot shown = Assert.Single(LedgerSnapshot.Of(runner.Engine.Modes.Ledger).Runners);
        Assert.Equal(3, shown.DividedBatches);
        Assert.Contains(", 3 batches divided\n", shown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_divide_evenly_is_divided_as_evenly_as_it_can_be()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X[..5], Index[..5]);
        call.Run();
        call.Run();
        Assert.Equal([2, 2, 3, 3, 3], call.Out<long>(1).ToArray().Order());
        Assert.Equal(Model.Expected(X[..5], Index[..5]), call.Out<float>(0).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void One_sample_or_none_is_not_divided(int samples)
    {
        using LooseRunner runner = Runner();
        using LooseCall call = runner.CreateCall((ref InputBinder b) =>
        {
            b.Dim(samples);
            b.Dim(3);
        });
        for (int i = 0; i < 3; i++)
            call.Run();
        Assert.Equal(samples * 3, call.Out<float>(0).Length);
        Assert.Equal(0, runner.Engine.Divider!.Divided);
    }

    [Fact]
    public void Nothing_is_divided_where_that_is_not_predicted_to_pay_or_not_wanted()
    {
        using LooseRunner plain = Runner();
        Assert.NotNull(plain.Engine.Divider!.Of([8, 1]));
        using LooseRunner exact = Runner(new() { Deterministic = true });
        Assert.Null(exact.Engine.Divider);
        using LooseRunner one = Runner(new() { Cores = 1, Ledger = Ledgers.Own(1) });
        Assert.Null(one.Engine.Divider);
        using LooseRunner background = Runner(new() { Hint = RunnerHint.Background });
        Assert.Null(background.Engine.Divider);
        Model.Times = Times(1.9);
        using LooseRunner scaling = Runner();
        Assert.Null(scaling.Engine.Divider!.Of([8, 1]));
        // What is saved is less than it takes to hand it on.
        Model.Times = new PredictedTimes([1, 2], new PredictedTime(1, 1, 1, 1));
        using LooseRunner small = Runner();
        Assert.Null(small.Engine.Divider!.Of([8, 1]));
        Model.Times = null;
        using LooseRunner unknown = Runner(new());
        Assert.Null(unknown.Engine.Divider);
        using BatchedModel last = new(last: true) { Times = Times(1.05) };
        using LooseRunner other = last.Runner(Two(new()));
        Assert.Null(other.Engine.Divider);
    }

    [Fact]
    public void It_can_be_asked_for_and_turned_off()
    {
        Model.Times = Times(2);
        ListLogger logger = new();
        using LooseRunner on = Runner(new() { Dividing = DividingChoice.On, Logger = logger });
        using LooseCall call = Call(on, X[..5], Index[..5]);
        for (int i = 0; i < 100; i++)
            call.Run();
        Assert.Equal([3, 3, 3, 2, 2], call.Out<long>(1).ToArray());
        Assert.Equal(99, on.Engine.Divider!.Divided);
        Assert.Empty(logger.Warnings);
        Model.Times = Times(1.05);
        using LooseRunner off = Runner(new() { Dividing = DividingChoice.Off });
        Assert.Null(off.Engine.Divider);
        using LooseRunner impossible = Runner(new() { Dividing = DividingChoice.On, Deterministic = true, Logger = logger });
        Assert.Contains("Deterministic is set", Assert.Single(logger.Warnings));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { Dividing = (DividingChoice)7 });
    }

    [Fact]
    public void With_others_in_flight_a_batch_is_one_request()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X, Index);
        CoreLedger ledger = runner.Engine.Modes.Ledger;
        call.Run();
        ledger.Enter(ledger.Now);
        call.Run();
        Assert.Equal(8, call.Out<long>(1)[0]);
        ledger.Leave(1, ledger.Now);
        _clock.Pass(100);
        call.Run();
        Assert.Equal(4, call.Out<long>(1)[0]);
    }

    [Fact]
    public void The_first_failure_is_thrown_once_every_slice_is_over()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X, Index);
        call.Run();
        call.In<long>(1)[6] = 9;
        CleaveException e = Assert.Throws<CleaveException>(() => call.Run());
        Assert.Equal((Rules.RunFailed.Id, 0L), (e.Id, runner.Engine.Divider!.Divided));
        Assert.Throws<InvalidOperationException>(() => call.Out<float>(0).ToArray());
        Assert.Equal((0, 0, 0), (runner.Engine.Modes.Ledger.Busy, runner.Engine.Modes.Planned.Running, runner.Engine.Gate.Inside));
        call.In<long>(1)[6] = 1;
        call.Run();
        Assert.Equal(Model.Expected(X, Index), call.Out<float>(0).ToArray());
        Assert.Equal(1, runner.Engine.Divider!.Divided);
    }

    [Fact]
    public async Task Cancelling_ends_every_slice()
    {
        using LooseRunner runner = Runner();
        (await runner.RunAsync(Model.Request(X, Index))).Dispose();
        Model.Close();
        using CancellationTokenSource source = new();
        int before = Model.Runs;
        Task<LooseOutput> task = runner.RunAsync(Model.Request(X, Index), source.Token);
        await Until(() => Model.Runs > before);
        source.Cancel();
        Model.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        await Until(() => runner.Engine.Gate.Inside == 0);
        Assert.Equal((0, 0, 0), (runner.Engine.Modes.Ledger.Busy, runner.Engine.Modes.Planned.Running, runner.Engine.Pool.Rented));
        using LooseOutput output = await runner.RunAsync(Model.Request(X, Index));
        Assert.Equal(Model.Expected(X, Index), output.Get<float>(0).ToArray());
    }

    [Fact]
    public void Nobody_waits_for_threads_that_do_not_come()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X, Index);
        call.Run();
        using ManualResetEventSlim over = new();
        for (int i = 0; i < 2; i++)
            runner.Engine.Workers.Enqueue(new Blocked(over));
        // They are taken by all of the runner's threads; the slices are left to this one.
        for (int i = 0; i < 3; i++)
            call.Run();
        over.Set();
        Assert.Equal(3, runner.Engine.Divider!.Divided);
        Assert.Equal([4, 4, 4, 4, 4, 4, 4, 4], call.Out<long>(1).ToArray());
        Assert.Equal(Model.Expected(X, Index), call.Out<float>(0).ToArray());
    }

    [Fact]
    public void Where_it_is_measured_to_be_slower_batches_are_not_divided_any_more()
    {
        // Both slices take as long as the whole, on a clock that they share.
        using LooseRunner runner = Runner();
        Model.InRun = () => _clock.Pass(10);
        using LooseCall call = Call(runner, X, Index);
        for (int i = 0; i < 200; i++)
            call.Run();
        long divided = runner.Engine.Divider!.Divided;
        Assert.InRange(divided, 10, 100);
        for (int i = 0; i < 50; i++)
            call.Run();
        Assert.Equal(divided, runner.Engine.Divider!.Divided);
    }

    [Fact]
    public void Where_it_is_measured_to_be_faster_they_stay_divided()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X, Index);
        // On a clock that both slices move, each takes a quarter of the whole.
        Model.InRun = () => _clock.Pass(runner.Engine.Modes.Ledger.Busy == 2 && runner.Engine.Modes.Planned.Running == 2 ? 10 : 40);
        for (int i = 0; i < 200; i++)
            call.Run();
        Assert.InRange(runner.Engine.Divider!.Divided, 150, 199);
    }

    [Fact]
    public void What_ONNX_Runtime_hands_on_is_copied_to_its_place()
    {
        // An output that is the input itself is not written anywhere.
        ModelProto model = Onnx.Model(
            [Tensor("x", ElementType.Float, "n", 2)], [Tensor("x", ElementType.Float, "n", 2), Tensor("y", ElementType.Float, "n", 2)], [Node("Neg", ["x"], ["y"])]);
        ModelDefinition plain = Definitions.Of(model);
        ModelDefinition definition = new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, plain.Budgets)
        {
            Batch = new BatchAxis("n", [0], [0, 0]),
            Times = Times(1.05),
        };
        using LooseRunner runner = new(definition, Two(new() { Model = ModelSource.Bytes(model.ToByteArray()) }));
        using LooseCall call = runner.CreateCall(static (ref InputBinder b) => b.Dim(4));
        for (int run = 0; run < 5; run++)
        {
            call.In<float>(0).Fill(run);
            call.Run();
            Assert.All(call.Out<float>(0).ToArray(), x => Assert.Equal(run, x));
            Assert.All(call.Out<float>(1).ToArray(), y => Assert.Equal(-run, y));
        }
        Assert.True(runner.Engine.Divider!.Divided > 0);
    }

    [Fact]
    public async Task After_a_reload_slices_are_of_the_new_weights()
    {
        using LooseRunner runner = Runner();
        using LooseCall call = Call(runner, X, Index);
        call.Run();
        call.Run();
        await runner.ReloadAsync(Model.Retrained(2));
        float[] expected = [.. Model.Expected(X, Index).Zip(X, static (y, x) => (2 * (y - x)) + x)];
        for (int i = 0; i < 3; i++)
        {
            call.Run();
            Assert.Equal(expected, call.Out<float>(0).ToArray());
        }
        Assert.True(runner.Engine.Divider!.Divided > 0);
    }

    // Two threads make it so many times as fast as one; halves on one thread each are twice as fast.
    private static PredictedTimes Times(double scaling) => new([1, 2], new PredictedTime(1, 1, 1000, 1000 / scaling));

    private RunnerOptions Two(RunnerOptions options)
    {
        options.Cores ??= 2;
        options.Ledger ??= Ledgers.Own(2, _clock);
        return options;
    }

    private LooseRunner Runner()
    {
        Model.Times ??= Times(1.05);
        return Runner(new());
    }

    private new LooseRunner Runner(RunnerOptions options) => Model.Runner(Two(options));

    private LooseCall Call(LooseRunner runner, float[] x, long[] index)
    {
        LooseCall call = runner.CreateCall((ref InputBinder b) =>
        {
            b.Dim(index.Length);
            b.Dim(x.Length / index.Length);
        });
        x.CopyTo(call.In<float>(0));
        index.CopyTo(call.In<long>(1));
        return call;
    }

    private sealed class Blocked(ManualResetEventSlim over) : IWorkItem
    {
        public void Execute() => over.Wait(Patience);
    }
}
