using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>The sessions that divided batches run in: which, how many, and what becomes of them where other batches come.</summary>
public sealed class DividedSessionsTests : BatchingTestBase
{
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void On_sixteen_cores_the_published_division_is_made_of_sessions_of_four_threads(bool isAfterAnother)
    {
        ConcurrentQueue<int> made = new();
        ListLogger logger = new();
        Sixteen();
        using LooseRunner runner = Model.Runner(new()
        {
            Cores = 16,
            Ledger = Ledgers.Own(16, _clock),
            Logger = logger,
            ConfigureSession = (_, segment) => made.Enqueue(segment.Threads),
        });
        long[] index = [.. Enumerable.Range(0, 16).Select(static i => (long)(i % 4))];
        float[] x = [.. index.Select(static i => (float)i)];
        using LooseCall call = Call(runner, x, index);
        // A size that came before is forgotten.
        using LooseCall other = Call(runner, x[..8], index[..8]);
        for (int i = 0; isAfterAnother && i < 3; i++)
            other.Run();
        // Its sessions are opened as they are missed, while it runs as one.
        Assert.True(SpinWait.SpinUntil(() =>
        {
            call.Run();
            _clock.Pass(1);
            return runner.Engine.Divider!.Divided > 0;
        }, Patience));
        Assert.All(call.Out<long>(1).ToArray(), static together => Assert.Equal(4, together));
        Assert.Equal(Model.Expected(x, index), call.Out<float>(0).ToArray());
        Assert.Equal(4, made.Count(static t => t == 4));
        Assert.Contains(logger.Lines, static l => l.Contains("4x<4,4>", StringComparison.Ordinal));
    }

    [Fact]
    public void A_batch_of_another_size_opens_no_further_sessions_of_the_planned_threads()
    {
        ConcurrentQueue<int> made = new();
        Model.Rows = [1, 2, 4];
        // Of 16 samples, pairs are fast with one thread; of four, pairs with four: the planned session and one more.
        Model.Times = new PredictedTimes(
            [1, 2, 4],
            new PredictedTime(1, 1, 30000, 30000, 30000), new PredictedTime(1, 2, 31000, 60000, 10000), new PredictedTime(1, 4, 90000, 90000, 80000),
            new PredictedTime(1, 8, 180000, 180000, 90000), new PredictedTime(1, 16, 360000, 300000, 200000));
        using LooseRunner runner = Model.Runner(new() { Cores = 8, Ledger = Ledgers.Own(8, _clock), ConfigureSession = (_, segment) => made.Enqueue(segment.Threads) });
        // Divided, each takes less.
        Model.InRun = () => _clock.Pass(runner.Engine.Modes.Ledger.Busy == 8 ? 1 : 40);
        Assert.Equal(["8x<1,2>", "2x<4,2>"], new[] { 16, 4 }.Select(samples => runner.Engine.Divider!.Of([samples, 1])!.ToString()));
        // Long enough for it to be tried divided often: what is missed is opened after a few times.
        for (int i = 0; i < 3000; i++)
            Run(i % 3 == 2 ? 4 : 16);
        Assert.Equal(1, made.Count(static t => t == 4));
        Assert.True(SpinWait.SpinUntil(() => Run(4)[0] == 2, Patience));
        // It is no second use of the planned one, whose threads would serve both.
        Assert.Equal(2, made.Count(static t => t == 4));
        // What is open now is used, whatever comes mostly.
        for (int i = 0; i < 60; i++)
            Run(16);
        // Now and then it is run as one, to compare.
        Assert.Contains(2, Enumerable.Range(0, 40).Select(_ => Run(16).Length + Run(16).Length == 32 ? Run(4)[0] : 0));
        Assert.Equal(2, made.Count(static t => t == 4));

        long[] Run(int samples) => Divided(runner, samples);
    }

    [Theory]
    [InlineData(null, "4x<4,4>")]
    [InlineData(6, "4x<4,4>")]
    [InlineData(4, "2x<8,8>")]
    [InlineData(3, null)]
    [InlineData(1, null)]
    public void A_division_has_no_more_sessions_than_MaxMemory_has_room_for(int? sessions, string? expected)
    {
        Sixteen();
        using LooseRunner plain = Model.Runner(new() { Cores = 16, Ledger = Ledgers.Own(16, _clock) });
        long bytes = plain.Engine.Modes.Memory.Taken;
        using LooseRunner runner = Model.Runner(new() { Cores = 16, Ledger = Ledgers.Own(16, _clock), MaxMemory = sessions * bytes });
        Assert.Equal(expected, runner.Engine.Divider!.Of([16, 1])?.ToString());
    }

    [Fact]
    public void Where_other_batches_come_for_a_while_the_sessions_are_exchanged_beside_the_requests()
    {
        ListLogger logger = new();
        Model.Rows = [1, 2, 4, 8];
        // Of 16 samples, halves are fast with four threads; of four, single ones with two.
        Model.Times = new PredictedTimes(
            [1, 2, 4, 8],
            new PredictedTime(1, 1, 30000, 10000, 30000, 90000), new PredictedTime(1, 2, 60000, 40000, 30000, 90000), new PredictedTime(1, 4, 90000, 80000, 70000, 90000),
            new PredictedTime(1, 8, 180000, 90000, 10000, 90000), new PredictedTime(1, 16, 360000, 200000, 90000, 90000));
        using LooseRunner runner = Model.Runner(new() { Cores = 8, Ledger = Ledgers.Own(8, _clock), Logger = logger });
        RunnerEngine first = runner.Engine;
        Divide(16, 8);
        Assert.Same(first, runner.Engine);
        // A lone batch of another size opens nothing.
        Run(4);
        Assert.Empty(first.Modes.Instances(2));
        Divide(4, 1);
        // Two of two threads had room beside those of eight and of four; the others had not.
        Assert.NotSame(first, runner.Engine);
        Assert.Equal([1, 0, 4], Enumerable.Range(0, 3).Select(mode => runner.Engine.Modes.Instances(mode).Length));
        Assert.Equal(0, first.Gate.Inside);

        void Divide(int samples, int together) => Assert.True(SpinWait.SpinUntil(() =>
        {
            return Run(samples)[0] == together;
        }, Patience));

        long[] Run(int samples) => Divided(runner, samples);
    }

    // A request of so many samples: how many of them ran at once with each.
    private long[] Divided(LooseRunner runner, int samples)
    {
        _clock.Pass(1);
        long[] index = [.. Enumerable.Range(0, samples).Select(static i => (long)(i % 4))];
        float[] x = [.. index.Select(static i => (float)i)];
        using LooseOutput output = runner.Run(Model.Request(x, index));
        Assert.Equal(Model.Expected(x, index), output.Get<float>(0).ToArray());
        return output.Get<long>(1).ToArray();
    }

    // BERT with 1, 2, 4, 8 and 16 threads, as in the planner's test.
    private void Sixteen()
    {
        Model.Rows = [1, 2, 4, 8, 16];
        Model.Times = new PredictedTimes(
            [1, 2, 4, 8, 16],
            new PredictedTime(1, 1, 120249, 71033, 33465, 23013, 20985), new PredictedTime(1, 2, 136871, 81109, 39135, 27614, 25365),
            new PredictedTime(1, 4, 174591, 97755, 48676, 33367, 30316), new PredictedTime(1, 8, 241996, 129786, 76735, 49660, 42873),
            new PredictedTime(1, 16, 371270, 206068, 114056, 78363, 59891));
    }

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
}
