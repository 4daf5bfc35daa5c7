using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>What the counters say of requests that wait to run together, and that do.</summary>
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

    [Fact]
    public async Task Each_request_of_a_batch_counts()
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        using LooseRunner runner = Runner(new() { Ledger = ledger });
        Task<Answer>[] asked = await Waiting(runner, 5);
        Assert.Equal(1, Value("cleave.active_requests"));
        long active = 0;
        int inFlight = 0;
        Model.InRun = () =>
        {
            if (Model.Runs == 2)
                (active, inFlight) = (Value("cleave.active_requests"), LedgerSnapshot.Of(ledger).InFlight);
        };
        Model.Open();
        Assert.Equal([1, 5, 5, 5, 5, 5], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(static a => a.Together));
        AssertAtRest(runner);
        Assert.Equal((5, 5), (active, inFlight));
        Assert.Equal((6, 0), (Value("cleave.requests"), Value("cleave.active_requests")));
        Assert.Equal(6, Assert.Single(LedgerSnapshot.Of(ledger).Runners[0].Modes).Requests);

        long Value(string name) => Measurements.Of(meter.Equals).Where(n => n.Name == name).Sum(static n => n.Value);
    }
}
