using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Batches;

/// <summary>An answer: whose, how long it took, and the sum of its numbers.</summary>
internal readonly record struct LoadAnswer(int Client, double Milliseconds, float Sum);

/// <summary>Clients of a runner that each ask again as soon as they have their answer, while something is done to it.</summary>
/// <param name="runner">The runner.</param>
/// <param name="clients">How many.</param>
internal sealed class UnderLoad(LooseRunner runner, int clients)
{
    private readonly ConcurrentQueue<LoadAnswer> _answers = new();
    private LooseRequest? _request;
    private int _asked;
    private volatile bool _over;

    /// <summary>What the clients ask from now on.</summary>
    public LooseRequest Request
    {
        set => Volatile.Write(ref _request, value);
    }

    /// <summary>Requests that were asked in the last stage, and got no answer.</summary>
    public int Lost { get; private set; }

    /// <summary>What came, in the order of each client, while the action was at work.</summary>
    public async Task<LoadAnswer[]> During(Func<Task> action)
    {
        _answers.Clear();
        _asked = 0;
        _over = false;
        Task[] asking = [.. Enumerable.Range(0, clients).Select(client => Task.Run(() => Ask(client)))];
        await action().ConfigureAwait(false);
        _over = true;
        await Task.WhenAll(asking).ConfigureAwait(false);
        Lost = _asked - _answers.Count;
        return [.. _answers];
    }

    /// <summary>What 99 of 100 answers do not exceed.</summary>
    public static double Percentile99(LoadAnswer[] answers) => Statistics.Quantile(answers.Select(a => a.Milliseconds), 0.99);

    /// <summary>The sum of an answer's numbers, which says by which weights it was made.</summary>
    public static float Sum(LooseOutput output)
    {
        float sum = 0;
        foreach (float number in output.Get<float>(0).Span)
            sum += number;
        return sum;
    }

    private async Task Ask(int client)
    {
        while (!_over)
        {
            Interlocked.Increment(ref _asked);
            long start = Stopwatch.GetTimestamp();
            using LooseOutput output = await runner.RunAsync(Volatile.Read(ref _request)!).ConfigureAwait(false);
            _answers.Enqueue(new LoadAnswer(client, Stopwatch.GetElapsedTime(start).TotalMilliseconds, Sum(output)));
        }
    }
}
