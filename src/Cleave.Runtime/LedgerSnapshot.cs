using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Cleave.Ledger;

namespace Cleave;

/// <summary>
/// Who uses the process's cores at one moment, and why: for health pages and questions. Immutable. Requests go on while it is taken, so its numbers
/// may be a request apart from each other.
/// </summary>
public sealed class LedgerSnapshot
{
    private LedgerSnapshot(CoreLedger ledger)
    {
        Cores = ledger.Cores.Budget.Cores;
        CoresReason = ledger.Cores.Budget.Reason;
        InFlight = ledger.Requests;
        Busy = ledger.Busy;
        Waiting = ledger.Waiting.Inside;
        Runners = ledger.Runners.ToList().ConvertAll(static runner => new RunnerSnapshot(runner)).AsReadOnly();
    }

    /// <summary>How many cores the process has, as they were last counted: when a runner was opened, or within a second before a request.</summary>
    public int Cores { get; }

    /// <summary>Which limit made it so many, for example <c>control group quota of 1.5</c>.</summary>
    public string CoresReason { get; }

    /// <summary>Requests that run, without those of runners with <see cref="RunnerHint.Background"/>.</summary>
    public int InFlight { get; }

    /// <summary>Cores that requests use; more than there are, where more requests run than there are cores.</summary>
    public int Busy { get; }

    /// <summary>Requests in the background that wait for a core.</summary>
    public int Waiting { get; }

    /// <summary>The runners that are open, in the order in which they were opened.</summary>
    public IReadOnlyList<RunnerSnapshot> Runners { get; }

    /// <summary>Takes one of this process. May be called at any time, on any thread; it takes nothing from requests.</summary>
    public static LedgerSnapshot Take() => Of(CoreLedger.Process);

    internal static LedgerSnapshot Of(CoreLedger ledger) => new(ledger);

    /// <summary>All of it, a line for each mode; <c>&gt;</c> is before the mode that was chosen last.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Count(Cores, "core")} ({CoresReason}): {Busy} busy, {Count(InFlight, "request")} in flight, {Waiting} waiting in the background");
        foreach (RunnerSnapshot runner in Runners)
            runner.Write(text);
        return text.ToString();
    }

    internal static string Count(long count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
