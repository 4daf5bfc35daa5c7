using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Batching;

/// <summary>Requests to a model with a gate, and what becomes of them.</summary>
public abstract class BatchingTestBase : IDisposable
{
    protected static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    internal BatchedModel Model { get; } = new();

    public void Dispose() => Model.Dispose();

    internal LooseRunner Runner(RunnerOptions? options = null) => Model.Runner(options ?? new());

    // One request runs, and so many wait.
    internal async Task<Task<Answer>[]> Waiting(LooseRunner runner, int requests)
    {
        List<Task<Answer>> asked = [await Held(runner)];
        for (int i = 0; i < requests; i++)
        {
            asked.Add(Ask(runner, asynchronously: true, [i], 0));
            await Until(() => runner.Engine.Queue!.Waiting == i + 1);
        }
        return [.. asked];
    }

    // A request that runs, and holds the only core until the gate opens.
    internal async Task<Task<Answer>> Held(LooseRunner runner)
    {
        Model.Close();
        int before = Model.Runs;
        Task<Answer> held = Ask(runner, asynchronously: true, [0, 0], 0);
        await Until(() => Model.Runs == before + 1);
        return held;
    }

    internal Task<Answer> Ask(LooseRunner runner, bool asynchronously, float[] x, params long[] index) =>
        Ask(runner, Model, asynchronously, x, CancellationToken.None, index);

    internal static Task<Answer> Ask(LooseRunner runner, BatchedModel model, bool asynchronously, float[] x, params long[] index) =>
        Ask(runner, model, asynchronously, x, CancellationToken.None, index);

    internal static async Task<Answer> Ask(LooseRunner runner, BatchedModel model, bool asynchronously, float[] x, CancellationToken token, params long[] index)
    {
        Request request = model.Request(x, index);
        using LooseOutput output = asynchronously ? await runner.RunAsync(request, token) : await OwnThread.Run(() => runner.Run(request, token));
        Assert.All(output.Get<long>(1).ToArray(), t => Assert.Equal(output.Get<long>(1)[0], t));
        return new Answer(output.Get<float>(0).ToArray(), output.Get<long>(1)[0]);
    }


    internal static void AssertAtRest(LooseRunner runner)
    {
        // The thread that answered may still be about to leave.
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Queue!.Running == 0 && runner.Engine.Gate.Inside == 0, Patience));
        Assert.Equal((0, 0), (runner.Engine.Queue!.Waiting, runner.Engine.Queue.Outside));
        Assert.Equal((0, 0), (runner.Engine.Pool.Rented, runner.Engine.Batches!.Pool.Rented));
    }

    // Polls, bounded: these are states without an event.
    protected static async Task Until(Func<bool> condition)
    {
        using CancellationTokenSource late = new(Patience);
        while (!condition())
            await Task.Delay(1, late.Token);
    }

    internal sealed record Answer(float[] Y, long Together);
}
