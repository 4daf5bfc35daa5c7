using System;
using System.Globalization;
using System.IO;
using Cleave.Cores;
using Cleave.Runtime.Tests.Prepared;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Which processors a process may use, in processes of their own, which are given some only.</summary>
public sealed class AffinityMaskTests
{
    /// <summary>The argument that starts <see cref="Say"/>.</summary>
    public const string Argument = "processors";

    private const string Taskset = "taskset";

    /// <summary>Says which processors this process may use, how many, and what limits its cores.</summary>
    /// <param name="pinned">Where there are any, its main thread keeps to them first: as if the mask had changed after the start.</param>
    public static int Say(int[] pinned)
    {
        if (pinned.Length > 0 && !AffinityMask.TryPin(pinned, out string why))
            throw new InvalidOperationException(why);
        CoreBudget budget = CoreBudget.Resolve(AffinityMask.Count(), quota: 1.5, null, null);
        Console.WriteLine(string.Join(',', AffinityMask.Processors()) + " are " + AffinityMask.Count() + ": " + budget.Reason);
        return 0;
    }

    [SkippableFact]
    public void A_process_started_on_some_processors_knows_them()
    {
        Skip.IfNot(OtherProcess.Has(Taskset), "skipped: needs " + Taskset + " (Debian's package util-linux)");
        int last = Allowed()[^1];
        string number = last.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(number + " are 1: affinity mask", Said([Taskset, "-c", number]));
    }

    [SkippableFact]
    public void A_mask_that_changes_while_the_process_runs_is_seen()
    {
        int[] allowed = Allowed();
        Skip.If(allowed.Length < 2, "skipped: the process has one processor");
        string all = string.Join(',', allowed), last = allowed[^1].ToString(CultureInfo.InvariantCulture);
        Assert.Equal(all + " are " + allowed.Length + ": control group quota of 1.5", Said([]));
        Assert.Equal(last + " are 1: affinity mask", Said([], last));
    }

    private static string Said(string[] command, params string[] pinned)
    {
        OtherProcessResult result = OtherProcess.RunUnder(command, [], [Argument, .. pinned]);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        return result.Output.Trim();
    }

    // By what the system shows, not by what is tested.
    private static int[] Allowed()
    {
        Skip.IfNot(File.Exists("/proc/self/status"), "skipped: /proc is absent");
        return SystemThreads.Processors(File.ReadAllText("/proc/self/status"));
    }
}
