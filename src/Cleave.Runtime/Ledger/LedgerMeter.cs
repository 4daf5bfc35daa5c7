using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;

namespace Cleave.Ledger;

/// <summary>What a ledger shows to those who listen to meters. Its numbers are read when a listener asks, and nobody counts for it; but calls are timed while a listener is there.</summary>
internal static class LedgerMeter
{
    public const string Name = "Cleave";

    /// <summary>Gives the ledger a meter, for as long as the process lives.</summary>
    public static CoreLedger Observed(CoreLedger ledger)
    {
        // The runtime keeps it.
        Of(ledger);
        return ledger;
    }

    /// <summary>A meter of this ledger.</summary>
    public static Meter Of(CoreLedger ledger)
    {
        Meter meter = new(Name);
        meter.CreateObservableCounter("cleave.requests", () => Requests(ledger), "{request}",
            "Requests that began, by the name of the model and the mode they run in");
        meter.CreateObservableUpDownCounter("cleave.active_requests", () => ledger.Requests, "{request}",
            "Requests in flight, without those in the background");
        meter.CreateObservableUpDownCounter("cleave.waiting_requests", () => ledger.Waiting.Inside, "{request}",
            "Requests in the background that wait for a core");
        meter.CreateObservableUpDownCounter("cleave.queued_requests", () => Queued(ledger), "{request}",
            "Requests that wait for a core or a thread of their runner, by the name of the model");
        meter.CreateObservableUpDownCounter("cleave.busy_cores", () => ledger.Busy, "{core}",
            "Cores that requests use; more than there are, where more requests run than there are cores");
        meter.CreateObservableUpDownCounter("cleave.cores", () => ledger.Cores.Now, "{core}",
            "Cores that the process has");
        ledger.Calls = new CallInstruments(meter);
        return meter;
    }

    private static IEnumerable<Measurement<int>> Queued(CoreLedger ledger)
    {
        foreach (IGrouping<string, OpenRunner> model in ledger.Runners.ToList().GroupBy(static r => r.Model))
            yield return new Measurement<int>(model.Sum(static r => r.Waiting), new KeyValuePair<string, object?>("model", model.Key));
    }

    private static IEnumerable<Measurement<long>> Requests(CoreLedger ledger)
    {
        foreach (((string model, string mode), long requests) in ledger.Runners.Requests())
            yield return new Measurement<long>(requests, new KeyValuePair<string, object?>("model", model), new KeyValuePair<string, object?>("mode", mode));
    }
}
