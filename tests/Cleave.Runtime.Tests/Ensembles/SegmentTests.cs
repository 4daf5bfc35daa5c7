using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Ensembles;
using Cleave.Ensembles.Serving;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Requests of many samples are cut into segments, which the members' instances serve by the matrix.</summary>
public sealed class SegmentTests
{
    private const int Width = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // y[batch, 3] = x * factors, which differ, so that votes do.
    private static ModelProto Scores(params float[] factors) => Model(
        [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)], [Node("Mul", ["x", "factors"], ["y"])], [Floats("factors", [Width], factors)]);

    private static ModelProto[] Three => [Scores(1, 2, 3), Scores(-2, 4, 1), Scores(5, -1, 2)];

    private static float[] Rows(int samples, int seed = 0)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, samples * Width).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static Request Of(float[] rows) => (ref InputBinder b) =>
    {
        b.Dim(rows.Length / Width);
        b.Copy<float>(0, rows);
    };

    private static EnsembleOptions Options(int cores = 2, params (int I, int T, int B)[] cells) => new()
    {
        Ledger = Ledgers.Own(cores),
        Cells = cells.Select((c, i) => (Name: "m" + i, Cell: new EnsembleCell(c.I, c.T, c.B))).ToDictionary(c => c.Name, c => c.Cell),
    };

    private static T[] Ask<T>(LooseEnsemble ensemble, float[] rows, out int[] shape)
    {
        using LooseOutput output = ensemble.Run(Of(rows));
        shape = output.Get<T>(0).Shape.ToArray();
        return output.Get<T>(0).Span.ToArray();
    }

    // The own rule: the second member's less the first one's.
    private static void Difference(int output, MemberOutputs members)
    {
        ReadOnlySpan<float> first = members.Tensor<float>(0).Span, second = members.Tensor<float>(1).Span;
        float[] result = new float[first.Length];
        for (int i = 0; i < result.Length; i++)
            result[i] = second[i] - first[i];
        members.Set(new OutputTensor<float>(result, members.Tensor<float>(0).Shape.ToArray()));
    }

    private static void Alike<T>(CombinationRule rule, EnsembleOptions options, params double[] weights)
    {
        using LooseEnsemble cut = LooseEnsemble.Batched(Three, rule, options, Difference, weights);
        using LooseEnsemble whole = LooseEnsemble.Batched(Three, rule, new() { Segments = false, Ledger = Ledgers.Own(2) }, Difference, weights);
        foreach (int samples in new[] { 1, 4, 5, 8, 33, 100, 100 })
        {
            float[] rows = Rows(samples, samples);
            Assert.Equal(Ask<T>(whole, rows, out int[] expected), Ask<T>(cut, rows, out int[] shape));
            Assert.Equal(expected, shape);
        }
    }

    [Theory]
    [InlineData(1, 1, 4)]
    [InlineData(2, 1, 4)]
    [InlineData(1, 2, 4)]
    [InlineData(2, 2, 3)]
    [InlineData(9, 1, 1)]
    public void Cut_requests_are_answered_as_whole_ones(int instances, int threads, int batch)
    {
        EnsembleOptions Own() => Options(2, (instances, threads, batch), (1, 1, 5), (1, 1, 2));
        Alike<float>(CombinationRule.Mean, Own());
        Alike<float>(CombinationRule.WeightedMean, Own(), 1, 2, 5);
        Alike<long>(CombinationRule.SoftVote, Own());
        Alike<float>(CombinationRule.Max, Own());
    }

    [Fact]
    public void Votes_stacks_and_rules_of_the_application_are_as_of_whole_requests()
    {
        EnsembleOptions Own() => Options(3, (2, 1, 4), (1, 1, 4), (1, 1, 2));
        Alike<long>(CombinationRule.MajorityVote, Own());
        Alike<long>(CombinationRule.MajorityVote, Own(), 1, 2, 5);
        Alike<float>(CombinationRule.Stack, Own());
        Alike<float>(CombinationRule.Custom, Own());
    }

    [Theory]
    [InlineData(CombinationRule.Mean, sizeof(double))]
    [InlineData(CombinationRule.Max, sizeof(float))]
    [InlineData(CombinationRule.Custom, 3 * sizeof(float))]
    public void A_large_request_holds_its_own_inputs_and_outputs_and_of_its_members_only_batches(CombinationRule rule, int combining)
    {
        using LooseEnsemble ensemble = LooseEnsemble.Batched(Three, rule, Options(2, (2, 1, 4), (1, 1, 4), (1, 1, 8)), Difference);
        const int Samples = 4000;
        long each = (Held(2 * Samples) - Held(Samples)) / Samples;
        Assert.InRange(each, Width * (2 * sizeof(float) + combining), Width * (2 * sizeof(float) + combining) + sizeof(ushort));

        long Held(int samples)
        {
            for (int i = 0; i < 3; i++)
                Ask<float>(ensemble, Rows(samples), out _);
            EnsembleCall call = ensemble.Engine.Pool.TryRent([samples])!;
            ensemble.Engine.Pool.Return(call);
            return call.ByteLength;
        }
    }

    [Fact]
    public void Each_member_sees_each_sample_once_in_batches_of_its_cell()
    {
        ConcurrentQueue<StageSpan> spans = [];
        EnsembleOptions options = Options(2, (2, 1, 8), (1, 1, 3), (1, 2, 16));
        options.Stages = spans.Enqueue;
        using LooseEnsemble ensemble = LooseEnsemble.Batched(Three, CombinationRule.Mean, options);
        Ask<float>(ensemble, Rows(100), out _);
        int[] batches = [8, 3, 16];
        for (int m = 0; m < batches.Length; m++)
        {
            StageSpan[] sent = [.. spans.Where(s => s.Member == "m" + m && s.Stage == BatchStage.Send)];
            Assert.All(sent, s => Assert.InRange(s.Count, 1, batches[m]));
            Assert.Equal(Enumerable.Range(0, 100), sent.SelectMany(s => Enumerable.Range(s.At, s.Count)).Order());
        }
    }

    [Fact]
    public void Small_requests_run_whole_and_start_no_thread()
    {
        ConcurrentQueue<StageSpan> spans = [];
        EnsembleOptions options = Options(2, (1, 1, 8), (1, 1, 8), (1, 1, 8));
        options.Stages = spans.Enqueue;
        using LooseEnsemble ensemble = LooseEnsemble.Batched(Three, CombinationRule.Mean, options);
        Ask<float>(ensemble, Rows(8), out _);
        Assert.Empty(spans);
        Ask<float>(ensemble, Rows(9), out _);
        Assert.NotEmpty(spans);
    }

    [Fact]
    public void What_cannot_be_cut_runs_whole_and_the_log_says_why()
    {
        ListLogger log = new();
        using (LooseEnsemble ensemble = LooseEnsemble.Of(Three, options: new() { Ledger = Ledgers.Own(2), Logger = log }))
            Assert.Equal(300, Ask<float>(ensemble, Rows(100), out _).Length);
        Assert.Contains(log.Lines, l => l.Contains("runs every request to Vision whole: no batch axis is proven for 'm0'", StringComparison.Ordinal));
        using (LooseEnsemble ensemble = LooseEnsemble.Batched(Three, CombinationRule.Mean, new() { Ledger = Ledgers.Own(2), Logger = log, Cells = new Dictionary<string, EnsembleCell> { ["m1"] = new(1, 2, 16) } }))
            Assert.Equal(300, Ask<float>(ensemble, Rows(100), out _).Length);
        Assert.Contains(log.Lines, l => l.Contains("m0 2x<1,32>, m1 1x<2,16>, m2 2x<1,32>", StringComparison.Ordinal));
    }

    [Fact]
    public void Cells_of_no_member_and_cells_of_nothing_are_refused()
    {
        Assert.Contains("'m7'", Assert.Throws<ArgumentException>(() => LooseEnsemble.Batched(Three, CombinationRule.Mean, new()
        {
            Cells = new Dictionary<string, EnsembleCell> { ["m7"] = new(1, 1, 1) },
        })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("instances", () => new EnsembleCell(0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>("threads", () => new EnsembleCell(1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>("batch", () => new EnsembleCell(1, 1, -1));
        // What a value type is without its constructor.
        Assert.Throws<ArgumentOutOfRangeException>(() => LooseEnsemble.Batched(Three, CombinationRule.Mean, new() { Cells = new Dictionary<string, EnsembleCell> { ["m0"] = default } }));
        Assert.Throws<ArgumentOutOfRangeException>("Retries", () => new EnsembleOptions { Retries = -1 });
        Assert.Throws<ArgumentOutOfRangeException>("MostSegments", () => new EnsembleOptions { MostSegments = 0 });
        Assert.Throws<ArgumentOutOfRangeException>("WhenFull", () => new EnsembleOptions { WhenFull = (FullQueue)7 });
    }

    [Fact]
    public async Task A_cancelled_request_ends_and_the_next_one_is_answered()
    {
        using CancellationTokenSource cancel = new();
        EnsembleOptions options = Options(2, (1, 1, 2), (1, 1, 2), (1, 1, 2));
        int seen = 0;
        options.Stages = _ =>
        {
            if (Interlocked.Increment(ref seen) == 20)
                cancel.Cancel();
        };
        await using LooseEnsemble ensemble = LooseEnsemble.Batched(Three, CombinationRule.Max, options);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ensemble.RunAsync(Of(Rows(1000)), cancel.Token).WaitAsync(Patience));
        Assert.True(seen < 9000, "all of it was run");
        Assert.Equal(3000, Ask<float>(ensemble, Rows(1000), out _).Length);
    }

    [Fact]
    public async Task Who_brings_too_many_segments_is_rejected_or_waits()
    {
        using ManualResetEventSlim began = new(), go = new();
        EnsembleOptions options = Options(2, (1, 1, 4), (1, 1, 4), (1, 1, 4));
        options.MostSegments = 1;
        options.WhenFull = FullQueue.Reject;
        options.Stages = _ =>
        {
            began.Set();
            Assert.True(go.Wait(Patience));
        };
        await using LooseEnsemble ensemble = LooseEnsemble.Batched(Three, CombinationRule.Max, options);
        Task<LooseOutput> first = ensemble.RunAsync(Of(Rows(50)));
        Assert.True(began.Wait(Patience));
        CleaveException full = Assert.Throws<CleaveException>(() => ensemble.Run(Of(Rows(50))));
        Assert.Equal("CLV4012", full.Id);
        Assert.StartsWith("CLV4012: A request to 'Vision' was rejected: 1 segments of requests are under way already, as many as EnsembleOptions.MostSegments allows.", full.Message, StringComparison.Ordinal);
        go.Set();
        (await first.WaitAsync(Patience)).Dispose();
        Assert.Equal(150, Ask<float>(ensemble, Rows(50), out _).Length);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public async Task One_member_gets_other_weights_while_cut_requests_go_on(int instances, int threads)
    {
        ModelProto[] models = [Scores(2, 2, 2), Scores(4, 4, 4)];
        await using LooseEnsemble ensemble = LooseEnsemble.Batched(models, CombinationRule.Mean, Options(2, (1, 1, 4), (instances, threads, 4)));
        float[] ones = [.. Enumerable.Repeat(1f, 40 * Width)];
        using CancellationTokenSource over = new();
        Task client = OwnThread.Run(() =>
        {
            while (!over.IsCancellationRequested)
                Assert.All(Ask<float>(ensemble, ones, out _), y => Assert.InRange(y, 3, 8));
        });
        for (int i = 1; i <= 5; i++)
        {
            float factor = 4 + 2 * i;
            await ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Scores(factor, factor, factor).ToByteArray())).WaitAsync(Patience);
            Assert.All(Ask<float>(ensemble, ones, out _), y => Assert.Equal(3 + i, y));
        }
        await over.CancelAsync();
        await client.WaitAsync(Patience);
    }

    [Fact]
    public async Task Stress_of_small_and_large_requests_with_failures_and_cancellation()
    {
        // A row that holds a 9 makes the second member fail.
        ModelProto picky = Model(
            [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)],
            [Node("ReduceMax", ["x"], ["largest"], Int("keepdims", 0)), Node("Cast", ["largest"], ["index"], Int("to", 7)), Node("Gather", ["table", "index"], ["at"]), Node("Mul", ["x", "at"], ["y"])],
            [Floats("table", [2], 3, 3)]);
        EnsembleOptions options = Options(2, (2, 1, 4), (1, 2, 4), (1, 1, 3));
        options.Retries = 1;
        options.MostSegments = 8;
        LooseEnsemble ensemble = LooseEnsemble.Batched([Scores(1, 1, 1), picky, Scores(5, 5, 5)], CombinationRule.Mean, options);
        Task[] clients = [.. Enumerable.Range(0, 6).Select(i => OwnThread.Run(() => Client(i)).Unwrap())];
        await Task.WhenAll(clients).WaitAsync(Patience);
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);

        async Task Client(int seed)
        {
            Random random = new(seed);
            for (int i = 0; i < 60; i++)
            {
                float[] rows = [.. Enumerable.Repeat(1f, Width * random.Next(1, 60))];
                bool fails = random.Next(3) == 0;
                if (fails)
                    rows[random.Next(rows.Length)] = 9;
                using CancellationTokenSource cancel = new();
                if (random.Next(8) == 0)
                    cancel.CancelAfter(TimeSpan.FromTicks(random.Next(20000)));
                try
                {
                    LooseOutput[] outputs = (i % 3) switch
                    {
                        0 => [ensemble.Run(Of(rows), cancel.Token)],
                        1 => [await ensemble.RunAsync(Of(rows), cancel.Token)],
                        _ => await ensemble.RunManyAsync([Of(rows), Of(rows)], cancel.Token),
                    };
                    Assert.False(fails);
                    foreach (LooseOutput output in outputs)
                    {
                        Assert.All(output.Get<float>(0).ToArray(), y => Assert.Equal(3, y));
                        output.Dispose();
                    }
                }
                catch (OperationCanceledException) when (cancel.IsCancellationRequested)
                {
                }
                catch (CleaveException e)
                {
                    Assert.True(fails, e.Message);
                    Assert.Contains(e.Id, new[] { "CLV4030", "CLV4011" });
                }
            }
        }
    }
}
