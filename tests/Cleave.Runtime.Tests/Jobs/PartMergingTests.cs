using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>Parts of equal dimensions that run together.</summary>
public sealed class PartMergingTests : IDisposable
{
    // So many samples take as long as one.
    private static readonly PredictedTimes Free = new([1, 2], new(1, 1, 10, 10), new(1, 32, 11, 11), new(1000, 1, 1000, 1000), new(1000, 32, 1100, 1100));

    private readonly BatchedModel _model = new() { Times = Free };

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Equal_parts_run_as_one_batch_for_each_core(bool last)
    {
        using BatchedModel model = new(last) { Times = Free };
        using LooseRunner runner = model.Runner(new() { Cores = 2, Batching = BatchingOptions.Off });
        float[][] x = [.. Enumerable.Range(0, 10).Select(i => (float[])[i, i + 0.5f])];
        for (int round = 0; round < 3; round++)
        {
            int before = model.Runs;
            LooseOutput[] outputs = await runner.RunManyAsync([.. x.Select((v, i) => model.Request(v, i % 4))]);
            Assert.Equal(2, model.Runs - before);
            for (int i = 0; i < x.Length; i++)
            {
                Assert.Equal(model.Expected(x[i], i % 4), outputs[i].Get<float>(0).ToArray());
                Assert.Equal([5L], outputs[i].Get<long>(1).ToArray());
                outputs[i].Dispose();
            }
        }
        Assert.Equal((0, 0), (runner.Engine.Pool.Rented, runner.Engine.Joined!.Pool.Rented));
        LedgerSnapshot snapshot = LedgerSnapshot.Of(runner.Engine.Modes.Ledger);
        Assert.Equal((30, 0), (snapshot.Runners[0].Modes.Sum(static m => m.Requests), snapshot.InFlight));
    }

    [Fact]
    public void Nothing_is_padded_and_parts_of_several_samples_keep_together()
    {
        using LooseRunner runner = _model.Runner(new());
        LooseOutput[] outputs = runner.RunMany(
            [_model.Request([1, 2], 0), _model.Request([1, 2, 3], 1), _model.Request([5, 6, 7, 8], 2, 3), _model.Request([3, 4], 1), _model.Request([8, 7, 6, 5], 0, 1)]);
        Assert.Equal([2L, 1, 4, 2, 4], outputs.Select(o => o.Get<long>(1)[0]));
        Assert.Equal([35f, 36, 47, 48], outputs[2].Get<float>(0).ToArray());
        Assert.Equal([18f, 17, 26, 25], outputs[4].Get<float>(0).ToArray());
        Dispose(outputs);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Deterministic_and_without_merging_each_runs_alone(bool deterministic, bool merging)
    {
        using LooseRunner runner = _model.Runner(new() { Deterministic = deterministic, Parts = new() { Merging = merging } });
        LooseOutput[] outputs = runner.RunMany([.. Enumerable.Range(0, 6).Select(i => _model.Request([i, i], 0))]);
        Assert.All(outputs, o => Assert.Equal([1L], o.Get<long>(1).ToArray()));
        Assert.Equal(6, _model.Runs);
        Dispose(outputs);
    }

    [Fact]
    public void Where_nothing_is_predicted_to_be_gained_each_runs_alone()
    {
        using BatchedModel model = new() { Times = new([1], new(1, 1, 10), new(1, 32, 310)) };
        using LooseRunner runner = model.Runner(new());
        Dispose(runner.RunMany([.. Enumerable.Range(0, 6).Select(i => model.Request([i, i], 0))]));
        Assert.Equal(6, model.Runs);
        using BatchedModel unknown = new();
        using LooseRunner other = unknown.Runner(new());
        Dispose(other.RunMany([.. Enumerable.Range(0, 6).Select(i => unknown.Request([i, i], 0))]));
        Assert.Equal(6, unknown.Runs);
    }

    [Fact]
    public void Of_a_batch_that_fails_the_part_to_blame_is_named()
    {
        using LooseRunner runner = _model.Runner(new());
        for (int round = 0; round < 3; round++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => runner.RunMany([.. Enumerable.Range(0, 8).Select(i => _model.Request([i, i], i == 5 ? 99 : 0))]));
            Assert.Equal("CLV4011", e.Id);
            Assert.Contains("failed for inputs[5] of 8 inputs", e.Message, StringComparison.Ordinal);
            Assert.Equal((0, 0, 0), (runner.Engine.Pool.Rented, runner.Engine.Joined!.Pool.Rented, runner.Engine.Gate.Inside));
        }
        // They run together on.
        LooseOutput[] outputs = runner.RunMany([.. Enumerable.Range(0, 8).Select(i => _model.Request([i, i], 0))]);
        Assert.All(outputs, o => Assert.Equal([8L], o.Get<long>(1).ToArray()));
        Dispose(outputs);
    }

    [Fact]
    public void A_batch_that_fails_for_itself_is_not_tried_again()
    {
        ListLogger logger = new();
        using LooseRunner runner = _model.Runner(new() { Logger = logger });
        bool fails = true;
        _model.InRun = () =>
        {
            if (fails)
            {
                fails = false;
                throw new InvalidOperationException("too large");
            }
        };
        Request[] parts = [.. Enumerable.Range(0, 8).Select(i => _model.Request([i, i], 0))];
        LooseOutput[] outputs = runner.RunMany(parts);
        Assert.All(outputs, o => Assert.Equal([1L], o.Get<long>(1).ToArray()));
        Dispose(outputs);
        Assert.Contains("no 8 samples", Assert.Single(logger.Warnings), StringComparison.Ordinal);
        // The batch that failed, and each part by itself.
        Assert.Equal(9, LedgerSnapshot.Of(runner.Engine.Modes.Ledger).Runners[0].Modes.Sum(static m => m.Requests));
        outputs = runner.RunMany(parts);
        Assert.All(outputs, o => Assert.Equal([4L], o.Get<long>(1).ToArray()));
        Dispose(outputs);
    }

    [Fact]
    public async Task Cancelling_a_batch_ends_the_job()
    {
        using LooseRunner runner = _model.Runner(new());
        using CancellationTokenSource source = new();
        _model.Close();
        Task<LooseOutput[]> job = runner.RunManyAsync([.. Enumerable.Range(0, 8).Select(i => _model.Request([i, i], 0))], source.Token);
        Assert.True(SpinWait.SpinUntil(() => _model.Runs == 1, TimeSpan.FromMinutes(1)));
        source.Cancel();
        _model.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job);
        Assert.Equal((0, 0, 0), (runner.Engine.Pool.Rented, runner.Engine.Joined!.Pool.Rented, runner.Engine.Gate.Inside));
    }

    [Fact]
    public void Contradictory_dimensions_are_named_before_anything_runs()
    {
        using LooseRunner runner = _model.Runner(new());
        Request contradictory = (ref b) =>
        {
            b.Dim(2);
            b.Dim(2);
            b.Copy<float>(0, new float[4]);
            b.Copy<long>(1, new long[3]);
        };
        ArgumentException e = Assert.Throws<ArgumentException>(() => runner.RunMany([_model.Request([1, 2], 0), contradictory]));
        Assert.Equal("inputs[1]: The input 'index' of the model 'test' has the shape [batch = 2]: 2 elements of type int64; 3 came. (Parameter 'index')", e.Message);
        Assert.Equal((0, 0), (_model.Runs, runner.Engine.Pool.Rented));
    }

    private static void Dispose(LooseOutput[] outputs) => Array.ForEach(outputs, static o => o.Dispose());
}
