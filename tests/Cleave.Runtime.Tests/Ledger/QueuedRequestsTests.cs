using System.Diagnostics.Metrics;
using System.Threading.Tasks;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>What the counters say of requests that wait to run together.</summary>
public sealed class QueuedRequestsTests : BatchingTestBase
{
    [Fact]
    public async Task Those_that_wait_are_counted_by_model()
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        using LooseRunner runner = Runner(new() { Ledger = ledger }), idle = Runner(new() { Ledger = ledger });
        Assert.Equal((0, "model=" + runner.Engine.Name), Queued());
        // One runs, three wait; another runner of the same model has none.
        Task<Answer>[] asked = await Waiting(runner, 3);
        Assert.Equal((3, "model=" + runner.Engine.Name), Queued());
        Model.Open();
        await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal((0, "model=" + runner.Engine.Name), Queued());

        (long, string) Queued()
        {
            (_, long waiting, string tags) = Assert.Single(Measurements.Of(meter.Equals), static n => n.Name == "cleave.queued_requests");
            return (waiting, tags);
        }
    }
}
