using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Cores;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>As many batches run at once as there are cores now.</summary>
public sealed class BatchesByCoresTests : BatchingTestBase
{
    private int _cores = 3;

    [Fact]
    public async Task Where_cores_are_taken_away_fewer_run_and_where_they_come_back_several_start()
    {
        CoreLedger ledger = Following();
        using LooseRunner runner = Runner(new() { Ledger = ledger, Cores = 3, Batching = BatchingOptions.On });
        BatchQueue queue = runner.Engine.Queue!;
        using SemaphoreSlim steps = new(0);
        int behind = 0;
        // The first three run to their end; each after them waits for a step.
        Model.InRun = () => Assert.True(Interlocked.Increment(ref behind) <= 3 || steps.Wait(Patience));
        Model.Close();
        // Of different sizes: none runs with another one.
        Task<Answer>[] asked = new Task<Answer>[9];
        for (int i = 0; i < asked.Length; i++)
        {
            int size = i + 1;
            asked[i] = Ask(runner, asynchronously: true, new float[size], 0);
            await Until(() => i < 3 ? Model.Runs == size : queue.Waiting == size - 3);
        }
        Count(1);
        Model.Open();
        await Until(() => queue.Running == 1 && Model.Runs == 4);
        Assert.Equal((1, 5), (queue.Running, queue.Waiting));
        steps.Release();
        await Until(() => Model.Runs == 5);
        Assert.Equal((1, 4), (queue.Running, queue.Waiting));
        Count(3);
        steps.Release();
        await Until(() => Model.Runs == 8);
        Assert.Equal((3, 1), (queue.Running, queue.Waiting));
        steps.Release(4);
        await Task.WhenAll(asked).WaitAsync(Patience);
        AssertAtRest(runner);

        void Count(int cores)
        {
            _cores = cores;
            ledger.Cores.Read();
        }
    }

    [Fact]
    public async Task What_waits_is_divided_among_those_that_start_where_cores_come_back()
    {
        CoreLedger ledger = Following();
        using LooseRunner runner = Runner(new() { Ledger = ledger, Cores = 3, Batching = BatchingOptions.On });
        _cores = 1;
        ledger.Cores.Read();
        Task<Answer>[] asked = await Waiting(runner, 6);
        _cores = 3;
        ledger.Cores.Read();
        Model.Open();
        Answer[] answers = await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.All(answers[1..], static a => Assert.InRange(a.Together, 1, 2));
        AssertAtRest(runner);
    }

    [Fact]
    public async Task Stress_of_requests_while_cores_come_and_go_forgets_nobody()
    {
        CoreLedger ledger = Following();
        using LooseRunner runner = Runner(new() { Ledger = ledger, Cores = 3, Batching = BatchingOptions.On });
        using CancellationTokenSource over = new();
        Task changes = OwnThread.Run(() =>
        {
            for (int i = 0; !over.IsCancellationRequested; i++)
            {
                _cores = 1 + (i % 3);
                ledger.Cores.Read();
                Thread.Yield();
            }
        });
        try
        {
            await Task.WhenAll(Enumerable.Range(0, 6).Select(async client =>
            {
                for (int i = 0; i < 200; i++)
                {
                    float[] x = new float[1 + (client % 2)];
                    Answer answer = await Ask(runner, asynchronously: client < 3, x, 1);
                    Assert.Equal(Model.Expected(x, 1), answer.Y);
                }
            })).WaitAsync(Patience);
        }
        finally
        {
            over.Cancel();
            await changes;
        }
        AssertAtRest(runner);
    }

    private CoreLedger Following() => new(new CoreCount(() => new CoreBudget(_cores, "test", null), TimeProvider.System), TimeProvider.System);
}
