using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>Requests that wait at the same time: who runs with whom, and that each gets its own results.</summary>
public sealed class BatchingTests : BatchingTestBase
{
    private readonly ListLogger _logger = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_requests_that_wait_run_together(bool asynchronously)
    {
        using LooseRunner runner = Runner();
        Task<Answer>[] asked = [await Held(runner), Ask(runner, asynchronously, [1, 2], 0), Ask(runner, asynchronously, [3, 4], 3)];
        await Until(() => runner.Engine.Queue!.Waiting == 2);
        Model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal([1, 2, 2], answers.Select(a => a.Together));
        Assert.Equal([11, 12], answers[1].Y);
        Assert.Equal([43, 44], answers[2].Y);
        Assert.Equal(2, Model.Runs);
        AssertAtRest(runner);
    }

    [Fact]
    public async Task Whoever_becomes_free_takes_what_waits_in_order_up_to_the_largest_batch()
    {
        using LooseRunner runner = Runner(new() { Batching = BatchingOptions.Auto with { MaxSize = 3 } });
        Task<Answer>[] asked = await Waiting(runner, 8);
        Model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal([1, 3, 3, 3, 3, 3, 3, 2, 2], answers.Select(a => a.Together));
        Assert.Equal([3, 8], [runner.Engine.Batches!.Counts.Batches, runner.Engine.Batches.Counts.Requests]);
    }

    [Fact]
    public async Task Those_who_got_their_answers_together_and_ask_again_run_together_again()
    {
        using LooseRunner runner = Runner();
        runner.Engine.Queue!.Pause = Patience;
        Task<Answer> held = await Held(runner);
        Task<Answer[]>[] clients = [Twice(0), Twice(1), Twice(2)];
        await Until(() => runner.Engine.Queue!.Waiting == 3);
        Model.Open();
        Answer[][] answers = await Task.WhenAll(clients).WaitAsync(Patience);
        Assert.All(answers, static twice => Assert.Equal([3, 3], twice.Select(a => a.Together)));
        await held;

        async Task<Answer[]> Twice(int client) => [await Ask(runner, true, [1, 2], client), await Ask(runner, true, [1, 2], client)];
    }

    [Fact]
    public async Task Nobody_waits_for_them_where_the_runner_is_disposed()
    {
        LooseRunner runner = Runner();
        runner.Engine.Queue!.Pause = TimeSpan.FromDays(1);
        Task<Answer>[] asked = await Waiting(runner, 2);
        Model.Open();
        await Task.WhenAll(asked).WaitAsync(Patience);
        await runner.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Only_requests_of_equal_dimensions_run_together()
    {
        using LooseRunner runner = Runner();
        Task<Answer> held = await Held(runner);
        Task<Answer>[] asked =
        [
            Ask(runner, true, [1, 2], 0), Ask(runner, true, [1, 2, 3], 1), Ask(runner, true, [3, 4], 2), Ask(runner, true, [4, 5, 6], 3), Ask(runner, true, [1], 3),
        ];
        await Until(() => runner.Engine.Queue!.Waiting == 5);
        Model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal([2, 2, 2, 2, 1], answers.Select(a => a.Together));
        Assert.Equal([[11, 12], [21, 22, 23], [33, 34], [44, 45, 46], [41]], answers.Select(a => a.Y));
        await held;
    }

    [Fact]
    public async Task Requests_may_have_several_samples_and_a_large_one_runs_alone()
    {
        using LooseRunner runner = Runner();
        Task<Answer> held = await Held(runner);
        Task<Answer>[] asked = [Ask(runner, true, [1, 2, 3, 4], 0, 1), Ask(runner, true, [5, 6], 2), Ask(runner, true, [7, 8, 9, 10, 11, 12], 3, 2, 1), Ask(runner, true, [1, 1, 1, 1, 1, 1], 0, 0, 0)];
        await Until(() => runner.Engine.Queue!.Waiting == 4);
        // As many samples as a batch has, and none at all: nothing to wait for.
        Task<Answer> large = Ask(runner, true, new float[16], 0, 0, 0, 0, 0, 0, 0, 0);
        Assert.Equal(4, runner.Engine.Queue!.Waiting);
        Model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal([6, 6, 6, 3], answers.Select(a => a.Together));
        Assert.Equal([[11, 12, 23, 24], [35, 36], [47, 48, 39, 40, 31, 32], [11, 11, 11, 11, 11, 11]], answers.Select(a => a.Y));
        Assert.Equal(8, (await large).Together);
        using LooseOutput none = runner.Run((ref b) =>
        {
            b.Dim(0);
            b.Dim(2);
            b.Copy<float>(0, Array.Empty<float>());
            b.Copy<long>(1, Array.Empty<long>());
        });
        Assert.Equal([0, 2], none.Get<float>(0).Shape);
        await held;
    }

    [Fact]
    public async Task The_batch_may_be_another_axis()
    {
        using BatchedModel model = new(last: true);
        using LooseRunner runner = model.Runner(new());
        model.Close();
        Task<Answer> held = Ask(runner, model, true, [0, 0], 0);
        await Until(() => model.Runs == 1);
        Task<Answer>[] asked = [Ask(runner, model, true, [1, 2, 3], 0), Ask(runner, model, true, [1, 2, 3, 4, 5, 6], 1, 2), Ask(runner, model, true, [7, 8, 9], 3)];
        await Until(() => runner.Engine.Queue!.Waiting == 3);
        model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal([4, 4, 4], answers.Select(a => a.Together));
        Assert.Equal(model.Expected([1, 2, 3], 0), answers[0].Y);
        Assert.Equal(model.Expected([1, 2, 3, 4, 5, 6], 1, 2), answers[1].Y);
        Assert.Equal(model.Expected([7, 8, 9], 3), answers[2].Y);
        await held;
    }

    [Fact]
    public void A_request_that_finds_nothing_in_flight_passes_by_on_its_own_thread()
    {
        using LooseRunner runner = Runner();
        int thread = 0;
        Model.InRun = () => thread = Environment.CurrentManagedThreadId;
        for (int i = 0; i < 5; i++)
            runner.Run(Model.Request([1, 2], 0)).Dispose();
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
        Assert.Equal(0, runner.Engine.Workers.Workers);
        // Nothing was copied.
        Assert.Equal((0L, 0), (runner.Engine.Batches!.Counts.Batches, runner.Engine.Batches.Pool.Idle));
        AssertAtRest(runner);
    }

    [Fact]
    public async Task As_many_run_at_once_as_there_are_cores_and_share_what_waits()
    {
        // The runner gets no more cores than the process has; with one, there is nothing to share.
        using LooseRunner runner = Runner(new() { Cores = 2, Ledger = Ledgers.Own(2) });
        Assert.Equal(2, runner.Engine.Abreast);
        Model.Close();
        Task<Answer>[] first = [Ask(runner, true, [1], 0), Ask(runner, true, [1], 0)];
        await Until(() => Model.Runs == 2);
        Assert.Equal(0, runner.Engine.Queue!.Waiting);
        Task<Answer>[] asked = [.. Enumerable.Range(0, 3).Select(i => Ask(runner, true, [i], 1))];
        await Until(() => runner.Engine.Queue.Waiting == 3);
        Assert.Equal(2, runner.Engine.Queue.Running);
        Model.Open();
        Answer[] answers = await Task.WhenAll([.. first, .. asked]).WaitAsync(Patience);
        Assert.Equal([1, 1], answers[..2].Select(a => a.Together));
        Assert.Equal([20, 21, 22], answers[2..].Select(a => a.Y[0]));
        AssertAtRest(runner);
    }

    [Fact]
    public async Task A_call_is_never_put_together_with_others()
    {
        using LooseRunner runner = Runner();
        Task<Answer>[] asked = await Waiting(runner, 2);
        using LooseCall call = runner.CreateCall((ref b) =>
        {
            b.Dim(1);
            b.Dim(1);
        });
        call.In<float>(0)[0] = 1;
        call.In<long>(1)[0] = 0;
        Task<bool> run = OwnThread.Run(() =>
        {
            call.Run();
            return true;
        });
        // It does not wait for those before it.
        await Until(() => Model.Runs == 2);
        Assert.Equal(2, runner.Engine.Queue!.Waiting);
        Model.Open();
        await run.WaitAsync(Patience);
        Assert.Equal((11f, 1L), (call.Out<float>(0)[0], call.Out<long>(1)[0]));
        await Task.WhenAll(asked).WaitAsync(Patience);
    }

    [Fact]
    public async Task With_a_delay_the_first_waits_until_the_batch_is_full()
    {
        BatchingOptions batching = BatchingOptions.On with { MaxSize = 3, Delay = TimeSpan.FromHours(1) };
        using LooseRunner runner = Runner(new() { Batching = batching, Cores = 2, Ledger = Ledgers.Own(2) });
        foreach (bool[] kinds in new[] { new[] { false, false, false }, [true, true, true], [false, true, true], [true, false, true] })
        {
            Task<Answer>[] asked = [Ask(runner, kinds[0], [1], 0), Ask(runner, kinds[1], [2], 1)];
            await Until(() => runner.Engine.Gate.Inside == 2);
            Assert.DoesNotContain(asked, a => a.IsCompleted);
            Answer[] answers = await Task.WhenAll([.. asked, Ask(runner, kinds[2], [3], 2)]).WaitAsync(Patience);
            Assert.Equal([3, 3, 3], answers.Select(a => a.Together));
            Assert.Equal([11, 22, 33], answers.Select(a => a.Y[0]));
        }
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_delay_ends_by_itself_when_cancelled_and_at_disposal(bool asynchronously)
    {
        using LooseRunner quick = Runner(new() { Batching = BatchingOptions.On with { Delay = TimeSpan.FromMilliseconds(1) } });
        Assert.Equal(1, (await Ask(quick, asynchronously, [1], 0)).Together);
        LooseRunner runner = Runner(new() { Batching = BatchingOptions.On with { Delay = TimeSpan.FromHours(1) } });
        using CancellationTokenSource source = new();
        Task<Answer> cancelled = Ask(runner, Model, asynchronously, [1], source.Token, 0);
        await Until(() => runner.Engine.Queue!.Running == 1);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        Task<Answer> waiting = Ask(runner, asynchronously, [2], 0);
        await Until(() => runner.Engine.Gate.Inside == 1);
        await runner.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(12, (await waiting).Y[0]);
    }

    [Fact]
    public void Batching_is_on_where_it_is_predicted_to_pay_and_nothing_speaks_against_it()
    {
        Assert.NotNull(Of(new()));
        Assert.NotNull(Of(new() { Hint = RunnerHint.Throughput }));
        Assert.NotNull(Of(new() { Hint = RunnerHint.Background }));
        Assert.Null(Of(new() { Hint = RunnerHint.Latency }));
        Assert.NotNull(Of(new() { Hint = RunnerHint.Latency, Batching = BatchingOptions.On }));
        Assert.Null(Of(new() { Batching = BatchingOptions.Off }));
        Assert.Null(Of(new() { Deterministic = true }));
        Assert.Null(Of(new(), new BatchGain(1000, 2, 1.09)));
        Assert.NotNull(Of(new() { Batching = BatchingOptions.On }, new BatchGain(1000, 2, 1.09)));
        Assert.Empty(_logger.Warnings);
        Assert.Null(Of(new() { Batching = BatchingOptions.On, Deterministic = true }));
        Assert.Equal("Cleave runs each request of test alone, although Batching is On: Deterministic is set", Assert.Single(_logger.Warnings));
        using LooseRunner unproven = LooseRunner.Of(Models.Bert(), new() { Batching = BatchingOptions.On, Logger = _logger });
        Assert.Null(unproven.Engine.Queue);
        Assert.EndsWith("no batch axis is proven for it; cleave plan says why, and where cleave fix --dynamic-batch helps", _logger.Warnings[1]);

        Cleave.Batching.BatchQueue? Of(RunnerOptions options, params BatchGain[] gains)
        {
            options.Logger = _logger;
            using LooseRunner runner = Model.Runner(options, gains);
            return runner.Engine.Queue;
        }
    }

    [Fact]
    public void Why_no_axis_is_proven_is_said_as_the_build_found_it_on_one_line()
    {
        ModelDefinition plain = Definitions.Of(Models.Bert());
        ModelDefinition described = new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, plain.Budgets)
        {
            NoBatch = "Gemm 'a\nb\u2028' mixes samples; cleave fix does not change that",
        };
        using LooseRunner runner = new(described, new()
        {
            Model = ModelSource.Bytes(Google.Protobuf.MessageExtensions.ToByteArray(Models.Bert())),
            Batching = BatchingOptions.On,
            Dividing = DividingChoice.On,
            Cores = 2,
            Ledger = Ledgers.Own(2),
            Logger = _logger,
        });
        Assert.Equal(2, _logger.Warnings.Length);
        Assert.All(_logger.Warnings, static w => Assert.EndsWith("is On: no batch axis is proven for it: Gemm 'a\\u000Ab\\u2028' mixes samples; cleave fix does not change that", w));
    }

    [Fact]
    public void Where_no_axis_is_proven_it_is_said_what_helps_and_jobs_run_all_the_same()
    {
        using LooseRunner runner = LooseRunner.Of(
            Models.Bert(), new() { Batching = BatchingOptions.On, Dividing = DividingChoice.On, Cores = 2, Ledger = Ledgers.Own(2), Logger = _logger });
        Assert.Equal(2, _logger.Warnings.Length);
        Assert.All(_logger.Warnings, static w => Assert.EndsWith("is On: no batch axis is proven for it; cleave plan says why, and where cleave fix --dynamic-batch helps", w));
        LooseOutput[] outputs = runner.RunMany([Of(1), Of(2), Of(3)]);
        Assert.Equal([11f, 12, 13], outputs.Select(o => o.Get<float>(0)[0]));
        Array.ForEach(outputs, static o => o.Dispose());

        static Request Of(long id) => (ref b) =>
        {
            b.Dim(1);
            b.Dim(1);
            b.Copy<long>(0, new[] { id });
            b.Copy<long>(1, new[] { 10L });
        };
    }

    [Fact]
    public async Task To_the_ledger_a_batch_is_one_request()
    {
        using LooseRunner runner = Runner();
        CoreLedger ledger = runner.Engine.Modes.Ledger;
        Task<Answer>[] asked = await Waiting(runner, 5);
        // Nor are those that wait.
        Assert.Equal((1, 1), (ledger.InFlight, ledger.Busy));
        (int InFlight, int Busy) inBatch = default;
        Model.InRun = () =>
        {
            if (Model.Runs == 2)
                inBatch = (ledger.InFlight, ledger.Busy);
        };
        Model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal([1, 5, 5, 5, 5, 5], answers.Select(a => a.Together));
        Assert.Equal((1, 1), inBatch);
        AssertAtRest(runner);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Theory]
    [InlineData(2, 32)]
    [InlineData(3, 32)]
    [InlineData(9, 8)]
    [InlineData(10, 8)]
    [InlineData(11, 0)]
    [InlineData(100, 0)]
    public void The_largest_batch_goes_by_the_elements_of_a_sample(int elements, int largest)
    {
        using LooseRunner runner = Model.Runner(new() { Logger = _logger }, new BatchGain(3, 32, 4), new BatchGain(10, 8, 1.5), new BatchGain(50, 2, 1.05));
        // x and one index.
        int[] dims = [2, elements - 1];
        Assert.Equal(largest, runner.Engine.BatchSizes!.Of(dims).Largest);
        Assert.Contains(_logger.Lines, l => l.Contains("along the dimension batch: batches of up to 32 of up to 3 elements, 8 of up to 10 elements"));
    }

    [Fact]
    public void Options_refuse_what_makes_no_sense()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchingOptions.On with { MaxSize = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchingOptions.On with { MaxWaiting = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchingOptions.On with { Delay = TimeSpan.FromTicks(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchingOptions.On with { Delay = TimeSpan.FromDays(2) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchingOptions { Choice = (BatchingChoice)9 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchingOptions { WhenFull = (FullQueue)9 });
    }
}
