using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>Requests that may run together, those that may not, and jobs share the runner's threads: none waits until the others stop coming.</summary>
public sealed class TakingTurnsTests : BatchingTestBase
{
    private static readonly float[] Zeros = new float[16];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_cannot_run_with_others_gets_its_turn_while_they_keep_coming(bool isJob)
    {
        const int Most = 200;
        using LooseRunner runner = Runner();
        Task<Answer> held = await Held(runner);
        Task alone = isJob ? runner.RunManyAsync([Large, Large]) : runner.RunAsync(Large);
        ConcurrentQueue<Task<Answer>> others = [];
        // In each run another one comes, so that always one waits.
        Model.InRun = () =>
        {
            if (!alone.IsCompleted && Model.Runs < Most)
                others.Enqueue(Ask(runner, true, [1], 0));
        };
        Model.Open();
        await alone.WaitAsync(Patience);
        await Task.WhenAll([held, .. others]).WaitAsync(Patience);
        Assert.True(Model.Runs < 10, $"It waited while {Model.Runs} others ran.");
        foreach (LooseOutput output in alone is Task<LooseOutput[]> job ? await job : [await (Task<LooseOutput>)alone])
        {
            Assert.Equal([8, 2], output.Get<float>(0).Shape.ToArray());
            output.Dispose();
        }
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public async Task All_kinds_at_once(int cores, int delay)
    {
        const int Clients = 3, Times = 60;
        BatchingOptions batching = BatchingOptions.On with { MaxSize = 7, Delay = TimeSpan.FromMicroseconds(100 * delay) };
        LooseRunner runner = Runner(new() { Cores = cores, Ledger = Ledgers.Own(cores), Batching = batching });
        int left = 2 * Clients;
        using CancellationTokenSource late = new(Patience);
        Task[] clients =
        [
            .. Enumerable.Range(0, Clients).Select(_ => Task.Run(() => Repeat(async () => (await runner.RunAsync(Large)).Dispose()))),
            .. Enumerable.Range(0, Clients).Select(_ => Task.Run(() => Repeat(async () => Array.ForEach(await runner.RunManyAsync([Large, Large, Large]), static o => o.Dispose())))),
            // These never stop by themselves.
            .. Enumerable.Range(0, 6).Select(client => Task.Run(async () =>
            {
                while (Volatile.Read(ref left) > 0 && !late.IsCancellationRequested)
                    Assert.Equal([11f + client], (await Ask(runner, client > 0, [1 + client], 0)).Y);
            })),
        ];
        await Task.WhenAll(clients).WaitAsync(2 * Patience);
        Assert.False(late.IsCancellationRequested, "They waited until no others came.");
        AssertAtRest(runner);
        await runner.DisposeAsync().AsTask().WaitAsync(Patience);

        async Task Repeat(Func<Task> ask)
        {
            for (int i = 0; i < Times && !late.IsCancellationRequested; i++)
                await ask();
            Interlocked.Decrement(ref left);
        }
    }

    // As many samples as the largest batch has, or more.
    private void Large(ref Generated.InputBinder binder) => Model.Request(Zeros, 0, 0, 0, 0, 0, 0, 0, 0)(ref binder);
}
