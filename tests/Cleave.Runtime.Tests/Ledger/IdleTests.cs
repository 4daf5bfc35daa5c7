using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Runtime.Tests.Prepared;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>A process whose runners have nothing to do has no timer, no thread that runs, and none that looks for something to do.</summary>
public sealed class IdleTests
{
    [SkippableFact]
    public void Threads_of_runners_that_have_answered_sleep_until_there_is_another_request()
    {
        string[] said = Idle(polls: false);
        // Lanes, workers, and the second thread of a session; they did run.
        Assert.InRange(Number(said, "threads "), 4, 100);
        Assert.InRange(Number(said, "woken by requests "), 100, long.MaxValue);
        Assert.Equal(0, Number(said, "timers "));
        Assert.Equal("restless ", said.Single(static l => l.StartsWith("restless", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public void One_that_polls_would_be_noticed()
    {
        string[] said = Idle(polls: true);
        Assert.InRange(Number(said, "timers "), 1, 100);
        Assert.Contains(IdleProcess.Poller, said.Single(static l => l.StartsWith("seen", StringComparison.Ordinal)));
    }

    private static string[] Idle(bool polls)
    {
        Skip.IfNot(Directory.Exists("/proc/self/task"), "skipped: /proc is absent");
        OtherProcessResult result = OtherProcess.Run(null, IdleProcess.Argument, polls ? "polls" : "");
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        return result.Output.Split('\n');
    }

    private static long Number(string[] said, string name) =>
        long.Parse(said.Single(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..], CultureInfo.InvariantCulture);
}
