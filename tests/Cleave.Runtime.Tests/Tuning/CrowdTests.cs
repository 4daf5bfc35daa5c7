using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Generated;
using Cleave.Plans;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Xunit;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>What a request of one thread takes beside others of its kind.</summary>
public sealed class CrowdTests : IDisposable
{
    private const int Requests = 4;

    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(1);

    private readonly BatchedModel _model = new();
    private readonly LooseRunner _runner;
    private readonly TuningCandidate _candidate;

    public CrowdTests()
    {
        _runner = _model.Runner(new());
        ModelDefinition definition = _runner.Engine.Definition;
        _candidate = new TuningCandidate(
            definition, new RunnerOptions { Model = _model.Retrained(1), IsTrial = true, Batching = BatchingOptions.Off, Cores = Requests, Ledger = Ledgers.Own(Requests) },
            ChosenPlan.Whole(definition.Budgets, 1, 1));
        _candidate.Take(new TuningSample(["batch", "n"], [2, 1], static _ => { }));
    }

    public void Dispose()
    {
        _candidate.Dispose();
        _runner.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void All_run_at_once()
    {
        using Barrier meeting = new(Requests);
        _model.InRun = () => Assert.True(meeting.SignalAndWait(Bound));
        for (int i = 0; i < 50; i++)
            Assert.InRange(_candidate.RunCrowded(Requests, 3, CancellationToken.None), 1, Bound.TotalNanoseconds);
        Assert.Equal(50 * 3 * Requests, _model.Runs);
    }

    [Fact]
    public void One_that_fails_ends_it_and_the_others_go_to_their_end()
    {
        int runs = 0;
        _model.InRun = () =>
        {
            if (Interlocked.Increment(ref runs) == 2)
                throw new InvalidOperationException("no");
        };
        Assert.ThrowsAny<Exception>(() => _candidate.RunCrowded(Requests, 1, CancellationToken.None));
        Assert.Equal(Requests, _model.Runs);
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => _candidate.RunCrowded(Requests, 1, cancelled.Token));
    }

    /// <summary>Here one at a time is let through, so beside three others each takes four times as long.</summary>
    [Fact]
    public void The_timer_finds_how_many_times_as_long_each_takes()
    {
        object one = new();
        _model.InRun = () =>
        {
            lock (one)
            {
                long start = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(2))
                    Thread.SpinWait(100);
            }
        };
        PairTimer timer = new(static () => false, static () => 0, TimeSpan.Zero, CancellationToken.None);
        // Again where somebody else took the processor away meanwhile: that makes one alone look slow, too.
        double ratio = 0;
        for (int attempt = 0; attempt < 3 && ratio is < (0.75 * Requests) or > (1.5 * Requests); attempt++)
            ratio = timer.Crowd(_candidate, Requests, Stopwatch.GetTimestamp() + (long)(Bound.TotalSeconds * Stopwatch.Frequency))!.Value;
        Assert.InRange(ratio, 0.75 * Requests, 1.5 * Requests);
        Assert.Null(timer.Crowd(_candidate, Requests, Stopwatch.GetTimestamp()));
    }
}
