using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>Between two of its parts a job lets others have the threads.</summary>
public sealed class JobTurnsTests
{
    private const int Parts = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly int[] Sizes = [.. Enumerable.Range(0, Parts).Select(static i => 1 + (i % 5))];

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    public async Task A_request_that_comes_meanwhile_is_answered_before_its_end(int cores, bool asynchronously)
    {
        int runs = 0, answered = 0;
        // Whoever asks can wait for the answer: another thread gives it.
        bool waits = cores > 1 || !asynchronously;
        Task<LooseOutput>? request = null;
        SizedModel model = new();
        // Each part has one core.
        using LooseRunner runner = model.Runner(cores, static o => o.Hint = RunnerHint.Throughput);
        model.InRun = () =>
        {
            bool asks = Interlocked.Increment(ref runs) == 1;
            if (asks)
            {
                // Not before the job has all threads.
                Assert.True(cores == 1 || SpinWait.SpinUntil(() => Volatile.Read(ref runs) > 1, Patience));
                Volatile.Write(ref request, runner.RunAsync(SizedModel.Parts(3)[0]));
            }
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref request) is not null, Patience));
            if (asks && waits)
                Assert.True(SpinWait.SpinUntil(() => request!.IsCompleted, Patience));
            if (!request!.IsCompleted)
                return;
            if (asks || !waits)
                Interlocked.CompareExchange(ref answered, Volatile.Read(ref runs), 0);
            else
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref answered) > 0, Patience));
        };
        Request[] parts = SizedModel.Parts(Sizes);
        LooseOutput[] outputs = asynchronously ? await runner.RunManyAsync(parts).WaitAsync(Patience) : runner.RunMany(parts);
        Assert.True(SizedModel.AreRight(outputs, Sizes));
        Assert.True(SizedModel.AreRight([await request!.WaitAsync(Patience)], 3));
        Assert.InRange(answered, 1, Parts / 2);
        AssertAtRest(runner);
    }

    [Fact]
    public async Task Two_jobs_take_turns()
    {
        int runs = 0;
        Task<LooseOutput[]>? second = null;
        int secondEnded = 0;
        SizedModel model = new();
        using LooseRunner runner = model.Runner(1);
        model.InRun = () =>
        {
            if (++runs == 1)
                second = runner.RunManyAsync(SizedModel.Parts(1, 2, 3));
            if (second!.IsCompleted && secondEnded == 0)
                secondEnded = runs;
        };
        Assert.True(SizedModel.AreRight(await runner.RunManyAsync(SizedModel.Parts(Sizes)).WaitAsync(Patience), Sizes));
        Assert.True(SizedModel.AreRight(await second!.WaitAsync(Patience), 1, 2, 3));
        Assert.InRange(secondEnded, 4, 10);
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_may_be_cancelled_while_it_waits_for_its_turn_and_fail_when_it_has_it_again(bool fails)
    {
        int runs = 0;
        Task<LooseOutput>? request = null;
        SizedModel model = new();
        using LooseRunner runner = model.Runner(1);
        using CancellationTokenSource source = new();
        model.InRun = () =>
        {
            switch (++runs)
            {
                case 1:
                    request = runner.RunAsync(SizedModel.Parts(3)[0]);
                    break;
                case 2 when !fails:
                    source.Cancel();
                    break;
                case 3 when fails:
                    throw new InvalidOperationException("part");
            }
        };
        Task<LooseOutput[]> job = runner.RunManyAsync(SizedModel.Parts(Sizes), source.Token);
        if (fails)
            Assert.Equal("CLV4011", (await Assert.ThrowsAsync<CleaveException>(() => job.WaitAsync(Patience))).Id);
        else
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.WaitAsync(Patience));
        Assert.True(SizedModel.AreRight([await request!.WaitAsync(Patience)], 3));
        Assert.InRange(runs, 2, 3);
        AssertAtRest(runner);
        model.InRun = null;
        Assert.True(SizedModel.AreRight(await runner.RunManyAsync(SizedModel.Parts(Sizes)).WaitAsync(Patience), Sizes));
    }

    private static void AssertAtRest(LooseRunner runner)
    {
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Gate.Inside == 0 && runner.Engine.Workers.Waiting == 0, Patience));
        Assert.Equal(0, runner.Engine.Pool.Rented);
    }
}
