using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>What a runner of an ensemble says of its members: which one fails, and why.</summary>
public sealed class EnsembleSnapshotTests
{
    private const int Batch = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static ModelProto Times(float factor) => Model(
        [Tensor("x", ElementType.Float, "batch", 1)], [Tensor("y", ElementType.Float, "batch", 1)], [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]);

    // A row that holds a 9 makes it fail: the table has two places.
    private static ModelProto Picky(float factor) => Model(
        [Tensor("x", ElementType.Float, "batch", 1)], [Tensor("y", ElementType.Float, "batch", 1)],
        [Node("ReduceMax", ["x"], ["largest"], Int("keepdims", 0)), Node("Cast", ["largest"], ["index"], Int("to", 7)), Node("Gather", ["table", "index"], ["at"]), Node("Mul", ["x", "at"], ["y"])],
        [Floats("table", [2], factor, factor)]);

    private static LooseEnsemble Open() => LooseEnsemble.Batched([Times(2), Picky(4)], CombinationRule.Mean, new()
    {
        Ledger = Ledgers.Own(2),
        Cells = new Dictionary<string, EnsembleCell> { ["m0"] = new(1, 1, Batch), ["m1"] = new(2, 1, Batch) },
    });

    private static Request Of(int samples, float value) => (ref InputBinder b) =>
    {
        b.Dim(samples);
        b.Copy<float>(0, Enumerable.Repeat(value, samples).ToArray());
    };

    [Theory]
    // Whole, and cut.
    [InlineData(1)]
    [InlineData(10 * Batch)]
    public async Task A_member_that_fails_is_seen_and_the_others_are_not_blamed(int samples)
    {
        await using LooseEnsemble ensemble = Open();
        Assert.Equal(["m0", "m1"], ensemble.TakeSnapshot().Members.Select(m => m.Name));
        Assert.All(ensemble.TakeSnapshot().Members, m => Assert.Equal((0, 0, false, null), (m.Answers, m.Failures, m.IsFailing, m.LastFailure)));
        for (int i = 0; i < 3; i++)
            Assert.Equal("CLV4030", Assert.Throws<CleaveException>(() => ensemble.Run(Of(samples, 9))).Id);
        EnsembleSnapshot failing = ensemble.TakeSnapshot();
        Assert.Equal("Vision", failing.Name);
        Assert.Equal([false, true], failing.Members.Select(m => m.IsFailing));
        Assert.Equal((0, null), (failing.Members[0].Failures, failing.Members[0].LastFailure));
        MemberSnapshot state = failing.Members[1];
        Assert.Equal(0, state.Answers);
        Assert.InRange(state.Failures, 3, long.MaxValue);
        Assert.Equal(state.Failures, state.FailuresInARow);
        Assert.NotEmpty(state.LastFailure!);
        Assert.StartsWith("\n! m1: 0 answers, " + state.Failures + " failures, " + state.Failures + " of them since the last answer", failing.ToString()[failing.ToString().LastIndexOf('\n')..], StringComparison.Ordinal);
        Assert.Equal(3, failing.ToString().Split('\n').Length);

        // It answers again: the state says that, too, and still what failed last.
        long before = ensemble.TakeSnapshot().Members[1].Failures;
        ensemble.Run(Of(samples, 1)).Dispose();
        MemberSnapshot mended = ensemble.TakeSnapshot().Members[1];
        Assert.Equal((before, 0, false, state.LastFailure), (mended.Failures, mended.FailuresInARow, mended.IsFailing, mended.LastFailure));
        Assert.InRange(mended.Answers, 1, long.MaxValue);
    }

    [Fact]
    public async Task Each_run_counts_once_where_a_request_is_cut_and_where_it_is_not()
    {
        await using LooseEnsemble ensemble = Open();
        for (int i = 0; i < 5; i++)
            ensemble.Run(Of(1, 1)).Dispose();
        Assert.All(ensemble.TakeSnapshot().Members, m => Assert.Equal((5, 0, 0), (m.Answers, m.Instances.Count, m.Waiting)));
        ensemble.Run(Of(10 * Batch, 1)).Dispose();
        EnsembleSnapshot after = ensemble.TakeSnapshot();
        Assert.All(after.Members, m => Assert.Equal((15, 0), (m.Answers, m.Waiting)));
        Assert.Equal([["cpu"], ["cpu", "cpu"]], after.Members.Select(m => m.Instances));
        Assert.Equal("Vision\n  m0: 15 answers, on cpu\n  m1: 15 answers, on 2x cpu", after.ToString());
    }

    [Fact]
    public async Task What_waits_for_a_thread_is_counted()
    {
        using ManualResetEventSlim gate = new(false);
        int running = 0;
        await using LooseEnsemble ensemble = LooseEnsemble.Batched([Times(2), Times(4)], CombinationRule.Custom, new() { Ledger = Ledgers.Own(1) }, (_, members) =>
        {
            Interlocked.Increment(ref running);
            gate.Wait(Patience);
            members.Set(members.Tensor<float>(0));
        });
        Task<LooseOutput> held = ensemble.RunAsync(Of(1, 1));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref running) == 1, Patience));
        Assert.Equal(0, ensemble.TakeSnapshot().Waiting);
        Task<LooseOutput> next = ensemble.RunAsync(Of(1, 1));
        Task<LooseOutput[]> several = ensemble.RunManyAsync([Of(1, 1), Of(1, 1)]);
        Assert.Equal(3, ensemble.TakeSnapshot().Waiting);
        Assert.StartsWith("Vision: 3 requests waiting\n", ensemble.TakeSnapshot().ToString(), StringComparison.Ordinal);
        gate.Set();
        Array.ForEach([await held.WaitAsync(Patience), await next.WaitAsync(Patience), .. await several.WaitAsync(Patience)], static o => o.Dispose());
        Assert.Equal(0, ensemble.TakeSnapshot().Waiting);
    }

    [Fact]
    public async Task It_can_be_taken_after_the_runner_was_disposed()
    {
        LooseEnsemble ensemble = Open();
        ensemble.Run(Of(10 * Batch, 1)).Dispose();
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal([10, 10], ensemble.TakeSnapshot().Members.Select(m => m.Answers));
    }

    [Fact]
    public async Task Stress_of_snapshots_beside_requests_failures_and_reloads()
    {
        const int Clients = 4, Requests = 60;
        LooseEnsemble ensemble = Open();
        int failed = 0;
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(seed => OwnThread.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < Requests; i++)
            {
                float value = random.Next(4) == 0 ? 9 : 1;
                try
                {
                    ensemble.Run(Of(random.Next(1, 10 * Batch), value)).Dispose();
                    Assert.Equal(1, value);
                }
                catch (CleaveException e)
                {
                    Assert.Equal(("CLV4030", 9), (e.Id, value));
                    Interlocked.Increment(ref failed);
                }
            }
        }))];
        long answers = 0, failures = 0;
        Task all = Task.WhenAll(clients);
        for (int i = 1; !all.IsCompleted; i++)
        {
            if (i % 50 == 0)
                await ensemble.ReloadMemberAsync("m1", ModelSource.Bytes(Picky(i).ToByteArray())).WaitAsync(Patience);
            EnsembleSnapshot now = ensemble.TakeSnapshot();
            // They only grow, over reloads, too.
            Assert.InRange(now.Members[1].Answers, answers, long.MaxValue);
            Assert.InRange(now.Members[1].Failures, failures, long.MaxValue);
            (answers, failures) = (now.Members[1].Answers, now.Members[1].Failures);
            Assert.Equal((0, false), (now.Members[0].Failures, now.Members[0].IsFailing));
            Assert.Equal(now.Members[1].Failures > 0, now.Members[1].LastFailure is not null);
        }
        await all.WaitAsync(Patience);
        Assert.InRange(ensemble.TakeSnapshot().Members[1].Failures, failed, long.MaxValue);
        await ensemble.DisposeAsync().AsTask().WaitAsync(Patience);
    }
}
