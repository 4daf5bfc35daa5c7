using System;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>Requests that fail, are cancelled, rejected or interrupted, and what that does to those that wait with them.</summary>
public sealed class BatchFailureTests : BatchingTestBase
{
    private readonly ListLogger _logger = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_batch_that_fails_only_the_guilty_request_fails(bool asynchronously)
    {
        using LooseRunner runner = Runner(new() { Logger = _logger });
        Task<Answer> held = await Held(runner);
        Task<Answer>[] asked = [.. new long[] { 0, 1, 99, 3 }.Select(i => Ask(runner, asynchronously, [i], i))];
        await Until(() => runner.Engine.Queue!.Waiting == 4);
        Model.Open();
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => asked[2].WaitAsync(Patience));
        Assert.Equal("CLV4008", e.Id);
        foreach (int i in new[] { 0, 1, 3 })
            Assert.Equal((10 * (i + 1)) + i, (await asked[i].WaitAsync(Patience)).Y[0]);
        await held;
        AssertAtRest(runner);
        // Held, the batch, and each by itself.
        Assert.Equal(6, Model.Runs);
        Assert.Equal(0, runner.Engine.Batches!.Counts.Batches);
        Assert.Contains(_logger.Lines, l => l.StartsWith("Cleave ran 4 samples of test one by one, because their batch failed: ", StringComparison.Ordinal));
        // And the next batch is one again.
        Model.Close();
        asked = await Waiting(runner, 2);
        Model.Open();
        Assert.Equal([1, 2, 2], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(a => a.Together));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_request_leaves_the_queue_at_once(bool asynchronously)
    {
        using LooseRunner runner = Runner();
        Task<Answer>[] others = await Waiting(runner, 2);
        using CancellationTokenSource source = new();
        Task<Answer> cancelled = Ask(runner, Model, asynchronously, [5], source.Token, 0);
        await Until(() => runner.Engine.Queue!.Waiting == 3);
        source.Cancel();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Assert.Equal(source.Token, e.CancellationToken);
        Assert.Equal((2, 1), (runner.Engine.Queue!.Waiting, Model.Runs));
        Model.Open();
        Assert.Equal([1, 2, 2], (await Task.WhenAll(others).WaitAsync(Patience)).Select(a => a.Together));
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_is_cancelled_in_a_batch_ends_at_once_and_the_batch_goes_on(bool asynchronously)
    {
        using LooseRunner runner = Runner();
        Task<Answer> held = await Held(runner);
        using CancellationTokenSource source = new();
        Task<Answer> cancelled = Ask(runner, Model, asynchronously, [5], source.Token, 1);
        await Until(() => runner.Engine.Queue!.Waiting == 1);
        Task<Answer>[] others = [Ask(runner, true, [6], 2), Ask(runner, true, [7], 3)];
        await Until(() => runner.Engine.Queue!.Waiting == 3);
        // The batch has begun when it is cancelled, and does not end before.
        using ManualResetEventSlim begun = new(), go = new();
        Model.InRun = () =>
        {
            if (Model.Runs == 2)
            {
                begun.Set();
                go.Wait();
            }
        };
        Model.Open();
        await Until(() => begun.IsSet);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Assert.DoesNotContain(others, o => o.IsCompleted);
        // Its buffers are still the batch's.
        Assert.Equal(3, runner.Engine.Gate.Inside);
        go.Set();
        Answer[] answers = await Task.WhenAll(others).WaitAsync(Patience);
        Assert.Equal([36, 47], answers.Select(a => a.Y[0]));
        Assert.Equal([3, 3], answers.Select(a => a.Together));
        await held;
        AssertAtRest(runner);
    }

    [Fact]
    public async Task A_thread_that_is_cancelled_while_it_runs_the_batch_finishes_it_for_the_others()
    {
        using LooseRunner runner = Runner();
        using CancellationTokenSource source = new();
        // A caller holds the core, so that the next caller is the one that goes on.
        Model.Close();
        Task<Answer> held = Ask(runner, asynchronously: false, [0], 0);
        await Until(() => Model.Runs == 1);
        Task<Answer> leader = Ask(runner, Model, false, [5], source.Token, 1);
        await Until(() => runner.Engine.Queue!.Waiting == 1);
        Task<Answer> other = Ask(runner, asynchronously: true, [6], 2);
        await Until(() => runner.Engine.Queue!.Waiting == 2);
        Model.InRun = () =>
        {
            if (Model.Runs == 2)
                source.Cancel();
        };
        Model.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader.WaitAsync(Patience));
        Answer answer = await other.WaitAsync(Patience);
        Assert.Equal((36, 2L), (answer.Y[0], answer.Together));
        Assert.Equal(2, Model.Runs);
        await held;
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_queue_rejects_where_that_was_chosen(bool asynchronously)
    {
        using LooseRunner runner = Runner(new() { Batching = BatchingOptions.Auto with { MaxWaiting = 2, WhenFull = FullQueue.Reject } });
        Task<Answer>[] asked = await Waiting(runner, 2);
        CleaveException e = await Assert.ThrowsAsync<CleaveException>(() => Ask(runner, asynchronously, [1], 0).WaitAsync(Patience));
        Assert.Equal("CLV4012", e.Id);
        Assert.Contains("2 wait already", e.Message);
        Model.Open();
        await Task.WhenAll(asked).WaitAsync(Patience);
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Else_the_thread_waits_for_room(bool asynchronously)
    {
        using LooseRunner runner = Runner(new() { Batching = BatchingOptions.Auto with { MaxWaiting = 2 } });
        Task<Answer>[] asked = await Waiting(runner, 2);
        using CancellationTokenSource source = new();
        Task<Answer> outside = Task.Run(() => Ask(runner, asynchronously, [1], 0)), cancelled = Task.Run(() => Ask(runner, Model, asynchronously, [1], source.Token, 0));
        await Until(() => runner.Engine.Queue!.Outside == 2);
        Assert.Equal(2, runner.Engine.Queue!.Waiting);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Assert.False(outside.IsCompleted);
        Model.Open();
        Assert.Equal(11, (await outside.WaitAsync(Patience)).Y[0]);
        await Task.WhenAll(asked).WaitAsync(Patience);
        AssertAtRest(runner);
    }

    [Fact]
    public async Task Disposal_lets_those_finish_that_wait()
    {
        LooseRunner runner = Runner();
        Task<Answer>[] asked = [.. await Waiting(runner, 3), Ask(runner, asynchronously: false, [3], 0)];
        await Until(() => runner.Engine.Queue!.Waiting == 4);
        Task disposal = runner.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Ask(runner, asynchronously: true, [1], 0));
        Assert.False(disposal.IsCompleted);
        Model.Open();
        Assert.Equal([1, 4, 4, 4, 4], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(a => a.Together));
        await disposal.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_thread_that_is_interrupted_while_it_waits_takes_nobody_with_it()
    {
        using LooseRunner runner = Runner();
        Task<Answer>[] others = await Waiting(runner, 1);
        Exception? thrown = null;
        Thread caller = new(() => thrown = Record.Exception(() => runner.Run(Model.Request([5], 1)).Dispose()));
        caller.Start();
        await Until(() => runner.Engine.Queue!.Waiting == 2);
        caller.Interrupt();
        Assert.True(caller.Join(Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        Assert.Equal(1, runner.Engine.Queue!.Waiting);
        Model.Open();
        await Task.WhenAll(others).WaitAsync(Patience);
        AssertAtRest(runner);
    }

    [Fact]
    public async Task A_thread_that_is_interrupted_where_it_gives_its_core_back_gives_it_back()
    {
        using LooseRunner runner = Runner();
        object inside = typeof(BatchQueue).GetField("_lock", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(runner.Engine.Queue)!;
        Model.Close();
        Exception? thrown = null;
        bool isInterrupted = false, isBehindTheGate = false;
        Model.InRun = () => Volatile.Write(ref isBehindTheGate, true);
        Thread caller = new(() =>
        {
            thrown = Record.Exception(() => runner.Run(Model.Request([5], 1)).Dispose());
            isInterrupted = Record.Exception(static () => Thread.Sleep(1)) is ThreadInterruptedException;
        });
        caller.Start();
        await Until(() => Model.Runs == 1);
        lock (inside)
        {
            Model.Open();
            // It runs, and comes to the lock, the next thing that it waits for.
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref isBehindTheGate) && caller.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
            caller.Interrupt();
        }
        Assert.True(caller.Join(Patience));
        Assert.Null(thrown);
        AssertAtRest(runner);
        Assert.True(isInterrupted, "the interrupt was lost");
        Assert.Equal(21, (await Ask(runner, asynchronously: true, [1], 1).WaitAsync(Patience)).Y[0]);
    }

    [Fact]
    public async Task A_batch_whose_thread_was_interrupted_is_no_bad_batch()
    {
        using LooseRunner runner = Runner(new() { Logger = _logger });
        int batches = 0;
        Model.InRun = () =>
        {
            if (Model.Runs == 2 && batches++ == 0)
                throw new ThreadInterruptedException();
        };
        Task<Answer>[] asked = await Waiting(runner, 3);
        Model.Open();
        Assert.Equal([1, 1, 1, 1], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(a => a.Together));
        Assert.Empty(_logger.Warnings);
        asked = await Waiting(runner, 3);
        Model.Open();
        Assert.Equal([1, 3, 3, 3], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(a => a.Together));
    }

    [Fact]
    public async Task Where_the_batch_fails_but_no_request_no_such_batch_is_tried_again()
    {
        using LooseRunner runner = Runner(new() { Logger = _logger });
        // Its first batch meets something that no request meets by itself.
        int batches = 0;
        Model.InRun = () =>
        {
            if (Model.Runs == 2 && batches++ == 0)
                throw new InvalidOperationException("no memory for so many");
        };
        Task<Answer>[] asked = await Waiting(runner, 3);
        Model.Open();
        Assert.Equal([1, 1, 1, 1], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(a => a.Together));
        AssertAtRest(runner);
        Assert.Contains("runs no 3 samples of test together any more", Assert.Single(_logger.Warnings));
        Assert.Contains("no memory for so many", _logger.Warnings[0]);
        asked = await Waiting(runner, 3);
        Model.Open();
        Assert.Equal([1, 2, 2, 1], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(a => a.Together));
    }

    [Fact]
    public async Task An_output_that_is_no_batch_after_all_is_found_out()
    {
        // The sum over all samples, said to be one for each.
        ModelProto proto = Onnx.Model(
            [Onnx.Tensor("x", Core.Graph.ElementType.Float, "batch")], [Onnx.Tensor("y", Core.Graph.ElementType.Float, 1)],
            [Onnx.Node("ReduceSum", ["x"], ["y"])]);
        ModelDefinition plain = Definitions.Of(proto);
        using ManualResetEventSlim gate = new(true);
        int runs = 0;
        Segment whole = new("Whole", "*", plain.Inputs, plain.Outputs);
        Plan plan = new("Whole", [whole], lane =>
        {
            if (lane is Cleave.Lanes.RunningLane)
            {
                Interlocked.Increment(ref runs);
                Assert.True(gate.Wait(Patience));
            }
            lane.Run(whole);
        });
        ModelDefinition definition = new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, [new(1, plan, 1)])
        {
            Batch = new BatchAxis("batch", [0], [0], new BatchGain(10, 8, 2)),
        };
        using LooseRunner runner = new(definition, new() { Model = ModelSource.Bytes(proto.ToByteArray()), Cores = 1, Ledger = Ledgers.Own(1), Logger = _logger });
        gate.Reset();
        Task<LooseOutput> held = runner.RunAsync(Of(1));
        await Until(() => Volatile.Read(ref runs) == 1);
        Task<LooseOutput>[] asked = [runner.RunAsync(Of(2)), runner.RunAsync(Of(3))];
        gate.Set();
        Assert.Equal([2, 3], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(o => o.Get<float>(0)[0]));
        await Until(() => runner.Engine.Queue!.Running == 0);
        Assert.Contains("The output 'y' of 2 samples has the shape [1]", Assert.Single(_logger.Warnings));
        await held;

        static Request Of(float x) => (ref b) =>
        {
            b.Dim(1);
            b.Copy<float>(0, new[] { x });
        };
    }

    [Fact]
    public async Task Everything_at_once()
    {
        const int Clients = 12, Requests = 150;
        LooseRunner runner = Runner(new() { Cores = 2, Ledger = Ledgers.Own(2), Batching = BatchingOptions.On with { MaxSize = 5, MaxWaiting = 6 } });
        int good = 0, cancelled = 0, failed = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => OwnThread.Run(
            () => Client(client)).Unwrap())).WaitAsync(Patience);
        Assert.Equal(Clients * Requests, good + cancelled + failed);
        Assert.True(good > 0 && failed > 0, $"{good} good, {cancelled} cancelled, {failed} failed");
        AssertAtRest(runner);
        await runner.DisposeAsync().AsTask().WaitAsync(Patience);

        async Task Client(int seed)
        {
            Random random = new(seed);
            for (int i = 0; i < Requests; i++)
            {
                int samples = random.Next(1, 4), width = random.Next(1, 4);
                float[] x = [.. Enumerable.Range(0, samples * width).Select(_ => (float)random.Next(1000))];
                long[] index = [.. Enumerable.Range(0, samples).Select(_ => (long)random.Next(4))];
                bool wrong = random.Next(20) == 0;
                if (wrong)
                    index[random.Next(samples)] = 99;
                using CancellationTokenSource source = new();
                CancellationToken token = random.Next(4) == 0 ? source.Token : default;
                try
                {
                    Task<LooseOutput> task = random.Next(2) == 0 ? runner.RunAsync(Model.Request(x, index), token) : Task.FromResult(Sync(Model.Request(x, index), source, token, random));
                    if (token.CanBeCanceled && random.Next(2) == 0)
                        source.Cancel();
                    using LooseOutput output = await task;
                    Assert.False(wrong);
                    Assert.Equal(Model.Expected(x, index), output.Get<float>(0).ToArray());
                    Assert.Equal([samples, width], output.Get<float>(0).Shape.ToArray());
                    Interlocked.Increment(ref good);
                }
                catch (OperationCanceledException) when (token.IsCancellationRequested)
                {
                    Interlocked.Increment(ref cancelled);
                }
                catch (CleaveException) when (wrong)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        }

        LooseOutput Sync(Request request, CancellationTokenSource source, CancellationToken token, Random random)
        {
            if (token.CanBeCanceled && random.Next(2) == 0)
                source.CancelAfter(TimeSpan.FromMicroseconds(random.Next(300)));
            return runner.Run(request, token);
        }
    }

    [Fact]
    public async Task A_snapshot_shows_what_waits_and_what_ran_together()
    {
        RunnerOptions options = new() { Ledger = Ledgers.Own(1) };
        using LooseRunner runner = Runner(options);
        Task<Answer>[] asked = await Waiting(runner, 3);
        RunnerSnapshot now = Assert.Single(LedgerSnapshot.Of(options.Ledger).Runners);
        Assert.Equal((3, 0L, 0L), (now.Waiting, now.Batches, now.BatchedRequests));
        Model.Open();
        await Task.WhenAll(asked).WaitAsync(Patience);
        now = Assert.Single(LedgerSnapshot.Of(options.Ledger).Runners);
        Assert.Equal((0, 1L, 3L), (now.Waiting, now.Batches, now.BatchedRequests));
        Assert.Contains("test (Latency): 0 requests waiting, 1 batch of 3.0 requests and ", now.ToString());
    }
}
