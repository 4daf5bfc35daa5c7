using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Lanes;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>Many inputs give what each gives alone, whatever the plan and whatever becomes of the others.</summary>
public sealed class RunManyTests
{
    private const long Forever = 2_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public enum Schedule
    {
        Whole,
        Plain,
        Switched,
    }

    [Theory]
    [InlineData(Schedule.Whole)]
    [InlineData(Schedule.Plain)]
    [InlineData(Schedule.Switched)]
    public async Task Each_gives_what_it_gives_alone(Schedule schedule)
    {
        using LooseRunner whole = Towers.Runner(new() { Plan = PlanChoice.Whole });
        using LooseRunner runner = Scheduled(Towers.Runner(Options(schedule)), schedule);
        foreach (int count in (int[])[1, 2, 3, 7, 8, 19, 7, 3])
        {
            float[][] inputs = [.. Enumerable.Range(0, count).Select(i => Towers.Input((100 * count) + i))];
            LooseOutput[] here = runner.RunMany([.. inputs.Select(Towers.Request)]);
            LooseOutput[] elsewhere = await runner.RunManyAsync([.. inputs.Select(Towers.Request)]);
            for (int i = 0; i < count; i++)
            {
                using LooseOutput expected = whole.Run(Towers.Request(inputs[i]));
                LaneTests.Near(expected.Get<float>(0), here[i].Get<float>(0));
                LaneTests.Near(expected.Get<float>(0), elsewhere[i].Get<float>(0));
            }
            Dispose([.. here, .. elsewhere]);
        }
    }

    [Theory]
    [InlineData(Schedule.Whole)]
    [InlineData(Schedule.Plain)]
    [InlineData(Schedule.Switched)]
    public void Inputs_of_different_dimensions_keep_their_order(Schedule schedule)
    {
        using LooseRunner runner = Scheduled(SplitModel.Relay<long>(ElementType.Int64).Runner(Options(schedule)), schedule);
        for (int round = 0; round < 5; round++)
        {
            long[][] inputs = [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, i * 7 % 4).Select(k => (1000L * i) + k).ToArray())];
            LooseOutput[] outputs = runner.RunMany([.. inputs.Select(Numbers)]);
            for (int i = 0; i < inputs.Length; i++)
            {
                Assert.Equal(inputs[i], outputs[i].Get<long>(0).ToArray());
                Assert.Equal(inputs[i], outputs[i].Get<long>(1).ToArray());
            }
            Dispose(outputs);
        }
    }

    [Theory]
    [InlineData(Schedule.Plain, null, false)]
    [InlineData(Schedule.Switched, null, false)]
    [InlineData(Schedule.Plain, "n", false)]
    [InlineData(Schedule.Switched, "n", false)]
    [InlineData(Schedule.Plain, null, true)]
    [InlineData(Schedule.Switched, null, true)]
    public void Shapes_that_nobody_knows_or_that_are_declared_wrongly_are_each_sample_s_own(Schedule schedule, string? declared, bool isSteady)
    {
        using LooseRunner runner = Scheduled(SplitModel.NonZero(declared, isSteady).Runner(Options(schedule)), schedule);
        Random random = new(5);
        for (int round = 0; round < 12; round++)
        {
            // At first as declared: results get memory of that shape, and then it does not fit.
            float[][] inputs = [.. Enumerable.Range(0, 6).Select(_ => Enumerable.Range(0, 4).Select(_ => (float)random.Next(round < 3 ? 1 : -1, 3)).ToArray())];
            LooseOutput[] outputs = runner.RunMany([.. inputs.Select(x => (Request)((ref b) =>
            {
                b.Dim(x.Length);
                b.Copy<float>(0, x);
            }))]);
            for (int i = 0; i < inputs.Length; i++)
            {
                float[] expected = [.. inputs[i].Where(v => v != 0).Select(MathF.Abs)];
                Assert.Equal(expected, outputs[i].Get<float>(0).ToArray());
                Assert.Equal([1L, expected.Length], outputs[i].Get<long>(1).ToArray());
            }
            Dispose(outputs);
        }
    }

    [Theory]
    [InlineData(Schedule.Whole)]
    [InlineData(Schedule.Plain)]
    [InlineData(Schedule.Switched)]
    public async Task The_one_that_fails_is_named_and_nothing_is_left_of_the_others(Schedule schedule)
    {
        using LooseRunner runner = Scheduled(SplitModel.Lookup().Runner(Options(schedule)), schedule);
        for (int i = 0; i < 10; i++)
        {
            Request[] bad = [.. Enumerable.Range(0, 5).Select(k => SplitModel.LookupOf(-k, k == 3 ? 99 : k % 4))];
            CleaveException e = i % 2 == 0
                ? Assert.Throws<CleaveException>(() => runner.RunMany(bad))
                : await Assert.ThrowsAsync<CleaveException>(() => runner.RunManyAsync(bad));
            Assert.Equal("CLV4011", e.Id);
            Assert.Contains("failed for inputs[3] of 5 inputs", e.Message, StringComparison.Ordinal);
            Assert.Contains("out of data bounds", e.Message, StringComparison.Ordinal);
            Assert.Equal("CLV4008", Assert.IsType<CleaveException>(e.InnerException).Id);
            Assert.Equal((0, 5), (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle));

            LooseOutput[] good = runner.RunMany([.. Enumerable.Range(0, 5).Select(k => SplitModel.LookupOf(-k, k % 4))]);
            Assert.Equal([10f, 21f, 32f, 43f, 14f], good.Select(o => o.Get<float>(0)[0]));
            Dispose(good);
        }
    }

    [Fact]
    public void What_nobody_has_begun_is_dropped_after_a_failure()
    {
        Timeline timeline = new();
        using LooseRunner runner = SplitModel.Lookup().Runner(new() { Plan = PlanChoice.Whole, Cores = 1, Timeline = timeline });
        Assert.Throws<CleaveException>(() => runner.RunMany([SplitModel.LookupOf(1, 1), SplitModel.LookupOf(1, 99), .. Enumerable.Repeat(SplitModel.LookupOf(1, 1), 20)]));
        Assert.Equal(1, timeline.Count);
    }

    [Theory]
    [InlineData(Schedule.Whole)]
    [InlineData(Schedule.Switched)]
    public async Task A_wrong_input_is_named_before_anything_runs(Schedule schedule)
    {
        Timeline timeline = new();
        RunnerOptions options = Options(schedule);
        options.Timeline = timeline;
        using LooseRunner runner = Scheduled(Towers.Runner(options), schedule);
        Request good = Towers.Request(Towers.Input(1)), shorter = Towers.Request(new float[3]);
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => runner.RunMany([good, good, shorter, good, shorter]));
        Assert.StartsWith("inputs[2]: The input 'x' of the model 'test' has the shape [1, 16]: 16 elements of type float; 3 came.", wrong.Message, StringComparison.Ordinal);
        Assert.Equal("x", wrong.ParamName);
        ArgumentException missing = await Assert.ThrowsAsync<ArgumentException>(() => runner.RunManyAsync([good, null!]));
        Assert.StartsWith("inputs[1]: It is null.", missing.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => runner.RunMany(null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => runner.RunManyAsync(null!));
        Assert.Equal((0, 2, 0), (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle, timeline.Count));
        Assert.Empty(runner.RunMany([]));
        Assert.Empty(await runner.RunManyAsync([]));
        Assert.Equal(0, runner.Engine.Gate.Inside);
    }

    [Theory]
    [InlineData(Schedule.Whole)]
    [InlineData(Schedule.Plain)]
    [InlineData(Schedule.Switched)]
    public async Task Cancelling_ends_what_runs_and_drops_what_waits(Schedule schedule)
    {
        using LooseRunner runner = Scheduled(SplitModel.Loop().Runner(Options(schedule)), schedule);
        for (int i = 0; i < 4; i++)
        {
            using CancellationTokenSource source = new();
            Task<LooseOutput[]> task = runner.RunManyAsync([.. Enumerable.Range(0, 10).Select(k => SplitModel.LoopOf(k == 0 ? Forever : 5, k))], source.Token);
            if (i > 0)
                await LaneTests.Until(() => runner.Engine.Workers.Waiting == 0);
            source.Cancel();
            OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience));
            Assert.Equal(source.Token, e.CancellationToken);
            Assert.Equal((0, 10), (runner.Engine.Gate.Inside, runner.Engine.Pool.Idle));
            Assert.Throws<OperationCanceledException>(() => runner.RunMany([SplitModel.LoopOf(1, 1)], source.Token));
            LooseOutput[] outputs = runner.RunMany([SplitModel.LoopOf(3, -2), SplitModel.LoopOf(4, -2)]);
            Assert.Equal([-12f, -16f], outputs.Select(o => o.Get<float>(0)[0]));
            Dispose(outputs);
        }
    }

    [Theory]
    [InlineData(Schedule.Whole)]
    [InlineData(Schedule.Plain)]
    [InlineData(Schedule.Switched)]
    public async Task Jobs_and_single_requests_at_once_with_failures_and_cancellations(Schedule schedule)
    {
        using LooseRunner runner = Scheduled(SplitModel.Lookup().Runner(Options(schedule)), schedule);
        int good = 0, failed = 0, cancelled = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(client => Task.Run(async () =>
        {
            Random random = new(client);
            for (int i = 0; i < 100; i++)
            {
                long[] indices = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(20) == 0 ? 4L : random.Next(4))];
                using CancellationTokenSource source = new();
                CancellationToken token = random.Next(4) == 0 ? source.Token : default;
                if (token.CanBeCanceled)
                    source.CancelAfter(TimeSpan.FromMicroseconds(random.Next(500)));
                try
                {
                    Request[] requests = [.. indices.Select((index, k) => SplitModel.LookupOf(-k, index))];
                    LooseOutput[] outputs = random.Next(3) switch
                    {
                        0 => runner.RunMany(requests, token),
                        1 => await runner.RunManyAsync(requests, token),
                        _ => [.. requests.Select(r => runner.Run(r, token))],
                    };
                    Assert.Equal(indices.Select((index, k) => k + (10f * (index + 1))), outputs.Select(o => o.Get<float>(0)[0]));
                    Dispose(outputs);
                    Interlocked.Increment(ref good);
                }
                catch (OperationCanceledException) when (token.IsCancellationRequested)
                {
                    Interlocked.Increment(ref cancelled);
                }
                catch (CleaveException e)
                {
                    Assert.True(e.Id is "CLV4008" or "CLV4011", e.Message);
                    Assert.Contains(4L, indices);
                    Interlocked.Increment(ref failed);
                }
            }
        }))).WaitAsync(Patience);
        Assert.Equal(600, good + failed + cancelled);
        Assert.True(good > 0 && failed > 0, $"{good} good, {failed} failed, {cancelled} cancelled");
        Assert.Equal(0, runner.Engine.Gate.Inside);
    }

    [Fact]
    public async Task Disposal_waits_for_a_job()
    {
        LooseRunner runner = SplitModel.Loop().Runner();
        using CancellationTokenSource source = new();
        Task<LooseOutput[]> job = runner.RunManyAsync([SplitModel.LoopOf(Forever, 1), SplitModel.LoopOf(2, 1)], source.Token);
        Task disposal = runner.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.WaitAsync(Patience));
        await disposal.WaitAsync(Patience);
        Assert.Throws<ObjectDisposedException>(() => runner.RunMany([SplitModel.LoopOf(1, 1)]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => runner.RunManyAsync([]));
    }

    // With one mode: while another is being opened, the runner's gate counts that, too.
    private static RunnerOptions Options(Schedule schedule) => new() { Deterministic = true, Plan = schedule == Schedule.Whole ? PlanChoice.Whole : PlanChoice.Split };

    private static LooseRunner Scheduled(LooseRunner runner, Schedule schedule)
    {
        Assert.Equal(schedule == Schedule.Whole ? null : Switching.WhereUneven, runner.Engine.Groups?.Switching);
        if (schedule != Schedule.Whole)
            runner.Engine.Groups = new GroupSchedule(runner.Engine.Plan.Outline, schedule == Schedule.Plain ? Switching.Never : Switching.Always);
        return runner;
    }

    private static Request Numbers(long[] values) => (ref b) =>
    {
        b.Dim(values.Length);
        b.Copy<long>(0, values);
    };

    private static void Dispose(IEnumerable<LooseOutput> outputs)
    {
        foreach (LooseOutput output in outputs)
            output.Dispose();
    }
}
