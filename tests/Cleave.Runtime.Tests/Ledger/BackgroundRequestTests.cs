using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>Requests with the hint Background, while others use all cores.</summary>
public sealed class BackgroundRequestTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly CoreLedger _ledger = Ledgers.Own(2);
    private readonly LooseRunner _runner;

    public BackgroundRequestTests()
    {
        _runner = Towers.Runner(new() { Ledger = _ledger, Hint = RunnerHint.Background });
        // As if a request of another runner had both cores.
        _ledger.Enter(_ledger.Now);
        _ledger.Take(1);
    }

    public void Dispose() => _runner.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_waits_until_a_core_is_free(bool asynchronously)
    {
        _ledger.Waiting.Patience = TimeSpan.FromHours(1);
        Task<float[]> run = Run(asynchronously);
        Assert.True(SpinWait.SpinUntil(() => _ledger.Waiting.Inside == 1, Patience));
        Assert.False(run.IsCompleted);
        Assert.Equal((0, 1, 2), (Requests, _ledger.InFlight, _ledger.Busy));
        _ledger.Leave(2, _ledger.Now);
        Assert.Equal(16, (await run.WaitAsync(Patience)).Length);
        Assert.Equal((1, 0, 0, 0), (Requests, _ledger.Waiting.Inside, _ledger.InFlight, _ledger.Busy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_none_becomes_free_one_runs_after_a_second(bool asynchronously)
    {
        Assert.Equal(TimeSpan.FromSeconds(1), _ledger.Waiting.Patience);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(16, (await Run(asynchronously).WaitAsync(Patience)).Length);
        Assert.True(Stopwatch.GetElapsedTime(start) > 0.9 * _ledger.Waiting.Patience, "it did not wait");
        // The other request still has both.
        Assert.Equal((1, 1, 2), (Requests, _ledger.InFlight, _ledger.Busy));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancelling_ends_the_wait_and_nothing_has_run(bool asynchronously)
    {
        _ledger.Waiting.Patience = TimeSpan.FromHours(1);
        using CancellationTokenSource source = new();
        Task<float[]> run = Run(asynchronously, source.Token);
        Assert.True(SpinWait.SpinUntil(() => _ledger.Waiting.Inside == 1, Patience));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
        Assert.Equal((0, 0, 1, 2), (Requests, _ledger.Waiting.Inside, _ledger.InFlight, _ledger.Busy));
        _ledger.Leave(2, _ledger.Now);
        Assert.Equal(16, (await Run(asynchronously).WaitAsync(Patience)).Length);
    }

    private long Requests => _runner.Engine.Modes.Planned.Requests;

    private async Task<float[]> Run(bool asynchronously, CancellationToken token = default)
    {
        Request request = Towers.Request(Towers.Input(1));
        using LooseOutput output = asynchronously ? await _runner.RunAsync(request, token)
            : await OwnThread.Run(() => _runner.Run(request, token));
        return output.Get<float>(0).Span.ToArray();
    }
}
