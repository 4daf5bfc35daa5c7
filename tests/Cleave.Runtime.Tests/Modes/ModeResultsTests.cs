using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Modes;

/// <summary>Results are the same in every mode, and requests leave nothing behind, however they end.</summary>
public sealed class ModeResultsTests : RunnerModesHost
{
    [Fact]
    public void An_output_stays_readable_when_the_mode_changes()
    {
        CoreLedger ledger = Ledger(2);
        using LooseRunner runner = Runner(ledger, 2, Rows(1, 2));
        using LooseCall call = runner.CreateCall(static (ref _) => { });
        Towers.Input(1).CopyTo(call.In<float>(0));
        call.Run();
        OutputTensor<float> kept = call.Out<float>(0);
        float[] first = kept.Span.ToArray();
        Ask(runner, 30);
        Open(runner, 1);
        ledger.Enter(ledger.Now);
        for (int seed = 2; seed < 10; seed++)
        {
            Towers.Input(seed).CopyTo(call.In<float>(0));
            call.Run();
            Assert.Equal(kept.Span.ToArray(), call.Out<float>(0).Span.ToArray());
            Assert.NotEqual(first, kept.Span.ToArray());
            // And back.
            ledger.Leave(1, ledger.Now);
            Clock.Pass(31);
            Towers.Input(1).CopyTo(call.In<float>(0));
            call.Run();
            Assert.Equal(first, kept.Span.ToArray(), Near);
            ledger.Enter(ledger.Now);
        }
        Assert.True(call.Buffers.OutputsAreBound);
    }

    [Fact]
    public void Outputs_are_not_mixed_up_where_only_some_have_a_shape_that_is_known()
    {
        // y has memory of its own by the time the second mode runs; where has not.
        ModelProto model = Onnx.Model(
            [Onnx.Tensor("x", ElementType.Float, 4)], [Onnx.Tensor("y", ElementType.Float, 4), Onnx.Tensor("where", ElementType.Int64, 1, "n")],
            [Onnx.Node("Abs", ["x"], ["y"]), Onnx.Node("NonZero", ["x"], ["where"])]);
        ModelDefinition plain = Definitions.Of(model);
        CoreLedger ledger = Ledger(2);
        using LooseRunner runner = new(
            Definitions.Of(model, Rows(1, 2)(Definitions.Whole(plain.Inputs, plain.Outputs))), new() { Ledger = ledger, Cores = 2, Model = ModelSource.Bytes(model.ToByteArray()) });
        Random random = new(3);
        for (int i = 0; i < 200; i++)
        {
            float[] x = [.. Enumerable.Range(0, 4).Select(_ => (float)random.Next(-1, 2))];
            using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, x));
            Assert.Equal(Array.ConvertAll(x, Math.Abs), output.Get<float>(0).Span.ToArray());
            Assert.Equal([1, x.Count(v => v != 0)], output.Get<long>(1).Shape);
            Clock.Pass(0.1);
            if (i == 50)
                Open(runner, 1);
        }
        Assert.True(runner.Engine.Modes.Find(1)!.Requests > 0);
    }

    [Fact]
    public void A_request_that_fails_in_one_mode_leaves_the_others_their_memory()
    {
        ModelProto model = Models.ShapeGiven();
        ModelDefinition plain = Definitions.Steady(model);
        ModelDefinition definition = new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, Rows(1, 2)(Definitions.Whole(plain.Inputs, plain.Outputs)));
        CoreLedger ledger = Ledger(2);
        using LooseRunner runner = LooseRunner.Of(definition, model, new() { Ledger = ledger, Cores = 2 });
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(6));
        for (int i = 0; i < 30; i++)
        {
            Shape(2, 3);
            Clock.Pass(0.5);
            call.Run();
        }
        Open(runner, 1);
        using BoundPlan one = Bound(0), other = Bound(1);
        Run(one);
        Assert.True(one.IsSettled);
        other.FollowOutputs();
        // Six elements are no four.
        Shape(2, 2);
        Assert.Contains("shape", Assert.Throws<CleaveException>(() => other.Run(CancellationToken.None)).Message);
        Shape(2, 3);
        one.FollowOutputs();
        Assert.False(one.OutputsAreBound);
        Run(one);
        Assert.True(one.OutputsAreBound);
        Assert.True(one.IsSettled);

        BoundPlan Bound(int mode) => new(runner.Engine.Modes.Find(mode)!, [.. call.Buffers.Dims], call.Buffers.Inputs, call.Buffers.Outputs, inputsNeedWork: false);

        static void Run(BoundPlan plan)
        {
            for (int i = 0; i < 3; i++)
                plan.Run(CancellationToken.None);
        }

        void Shape(long rows, long columns)
        {
            call.In<float>(0).Fill(1);
            new[] { rows, columns }.CopyTo(call.In<long>(1));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Results_are_the_same_in_every_mode_under_load(bool split)
    {
        CoreLedger ledger = Ledgers.Own(2);
        using LooseRunner runner = split
            ? Towers.Runner(new() { Cores = 2, Ledger = ledger })
            : Runner(ledger, 2, Rows(1, 2));
        float[][] inputs = [.. Enumerable.Range(0, 8).Select(Towers.Input)], expected = [.. inputs.Select(x => Run(runner, x))];
        for (int round = 0; round < 4; round++)
        {
            Parallel.For(0, 8, client =>
            {
                for (int i = 0; i < 100; i++)
                    Assert.Equal(expected[client], Run(runner, inputs[client]), Near);
            });
            Ask(runner, 40);
        }
        Open(runner, 1);
        Assert.True(runner.Engine.Modes.Find(1)!.Requests > 0);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public async Task A_request_may_ask_again_when_it_is_done()
    {
        using LooseRunner runner = Runner(Ledger(2), 2, Rows(1, 2));
        float[] x = Towers.Input(1), y = Run(runner, x);
        Task<float[]> again = runner.RunAsync(Towers.Request(x)).ContinueWith(
            _ => Run(runner, x), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Assert.Equal(y, await again.WaitAsync(Patience), Near);
    }

    [Fact]
    public async Task A_failed_or_cancelled_request_gives_its_cores_back()
    {
        CoreLedger ledger = Ledger(4);
        using LooseRunner runner = SplitModel.Lookup().Runner(new() { Ledger = ledger, Cores = 4 });
        Assert.Throws<CleaveException>(() => runner.Run(SplitModel.LookupOf(1, 99)));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
        using LooseRunner loop = SplitModel.Loop().Runner(new() { Ledger = ledger, Cores = 4 });
        using CancellationTokenSource source = new();
        Task<LooseOutput> run = loop.RunAsync(SplitModel.LoopOf(long.MaxValue, 1), source.Token);
        Assert.True(SpinWait.SpinUntil(() => ledger.Busy == 2, Patience));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [SkippableFact]
    public void The_threads_of_callers_are_not_pinned_whatever_happens()
    {
        Skip.IfNot(File.Exists("/proc/thread-self/status"), "skipped: /proc is absent");
        using LooseRunner runner = SplitModel.Lookup().Runner(new() { Pinning = true });
        string before = Mine();
        runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
        Assert.Equal(before, Mine());
        Assert.Throws<CleaveException>(() => runner.Run(SplitModel.LookupOf(1, 99)));
        Assert.Equal(before, Mine());
        Assert.ThrowsAny<OperationCanceledException>(() => runner.Run(SplitModel.LookupOf(1, 1), new CancellationToken(canceled: true)));
        Assert.Equal(before, Mine());
        // Cancelled by another thread while it runs.
        CoreLedger ledger = Ledgers.Own(2);
        using LooseRunner loop = SplitModel.Loop().Runner(new() { Pinning = true, Ledger = ledger });
        using CancellationTokenSource source = new();
        Thread other = new(() =>
        {
            if (SpinWait.SpinUntil(() => ledger.Busy == 2, Patience))
                source.Cancel();
        });
        other.Start();
        Assert.ThrowsAny<OperationCanceledException>(() => loop.Run(SplitModel.LoopOf(long.MaxValue, 1), source.Token));
        Assert.Equal(before, Mine());
        Assert.Equal(1, loop.Engine.Modes.Planned.Requests);
        other.Join();

        static string Mine() => File.ReadAllText("/proc/thread-self/status").Split('\n').First(l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal));
    }
}
