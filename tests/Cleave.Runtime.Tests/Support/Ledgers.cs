using System;
using Cleave.Cores;
using Cleave.Ledger;

namespace Cleave.Runtime.Tests.Support;

/// <summary>Ledgers of a test's own: the process's counts the requests of tests that run beside it.</summary>
internal static class Ledgers
{
    public static CoreLedger Own(int cores, TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        return new CoreLedger(new CoreCount(() => new CoreBudget(cores, "test", null), clock), clock);
    }
}
