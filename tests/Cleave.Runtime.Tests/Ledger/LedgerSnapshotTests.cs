using System;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>What a snapshot and the counters say of a ledger and its runners.</summary>
public sealed class LedgerSnapshotTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ManualClock _clock = new();

    [Fact]
    public async Task It_shows_a_request_while_it_runs_and_afterwards()
    {
        CoreLedger ledger = Ledgers.Own(4);
        LooseRunner runner = SplitModel.Loop().Runner(new() { Ledger = ledger, Cores = 4 });
        Assert.Equal("4 cores (test): 0 busy, 0 requests in flight, 0 waiting in the background\n"
            + "test (Latency)\n> TwoLanes with 1 1 threads, 2 cores: 0 requests, 0 running", LedgerSnapshot.Of(ledger).ToString());
        using CancellationTokenSource source = new();
        Task<LooseOutput> run = runner.RunAsync(SplitModel.LoopOf(long.MaxValue, 1), source.Token);
        Assert.True(SpinWait.SpinUntil(() => ledger.Busy == 2, Patience));
        LedgerSnapshot during = LedgerSnapshot.Of(ledger);
        Assert.Equal((4, "test", 1, 2, 0), (during.Cores, during.CoresReason, during.InFlight, during.Busy, during.Waiting));
        RunnerSnapshot shown = Assert.Single(during.Runners);
        Assert.Equal(("test", RunnerHint.Latency), (shown.Model, shown.Hint));
        ModeSnapshot mode = Assert.Single(shown.Modes);
        Assert.Same(mode, shown.LastMode);
        Assert.Equal(("TwoLanes with 1 1 threads", "TwoLanes", 2, true, null), (mode.Name, mode.Plan, mode.Cores, mode.IsOpen, mode.WhyNotOpen));
        Assert.Equal([1, 1], mode.Threads);
        Assert.Equal((1, 1, null), (mode.Requests, mode.Running, mode.RelativeTime));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
        LedgerSnapshot after = LedgerSnapshot.Of(ledger);
        Assert.Equal((0, 0), (after.InFlight, after.Busy));
        Assert.Equal("TwoLanes with 1 1 threads, 2 cores: 1 request, 0 running", after.Runners[0].LastMode.ToString());
        // What was taken before stays as it was.
        Assert.Equal((1, 1), (during.InFlight, mode.Running));
        runner.Dispose();
        Assert.Empty(LedgerSnapshot.Of(ledger).Runners);
        Assert.Single(after.Runners);
    }

    [Fact]
    public void It_says_which_modes_are_open_and_why_others_are_not()
    {
        CoreLedger ledger = Ledgers.Own(2, _clock);
        using LooseRunner runner = Auto(ledger);
        RunnerSnapshot fresh = LedgerSnapshot.Of(ledger).Runners[0];
        Assert.Equal(["Whole with 2 threads", "TwoLanes with 1 1 threads", "Whole with 1 thread"], fresh.Modes.Select(static m => m.Name));
        Assert.Equal([false, true, false], fresh.Modes.Select(static m => m.IsOpen));
        Assert.Equal(["it was not needed so far", null, "it was not needed so far"], fresh.Modes.Select(static m => m.WhyNotOpen));
        Assert.Same(fresh.Modes[1], fresh.LastMode);
        Ask(runner, 30);
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Modes.Find(0) != null && runner.Engine.Modes.Find(2) != null, Patience));
        // As if another runner's request were in flight: the next one gets one core.
        ledger.Enter(ledger.Now);
        Ask(runner, 1);
        RunnerSnapshot later = LedgerSnapshot.Of(ledger).Runners[0];
        Assert.All(later.Modes, static m => Assert.True(m.IsOpen && m.WhyNotOpen is null));
        Assert.Equal(31, later.Modes.Sum(static m => m.Requests));
        Assert.Same(later.Modes[2], later.LastMode);
    }

    [Fact]
    public void It_says_why_a_mode_was_refused_or_failed()
    {
        CoreLedger ledger = Ledgers.Own(2, _clock);
        using LooseRunner small = Auto(ledger, static o => o.MaxMemory = 1);
        using LooseRunner broken = Auto(ledger, static o => o.ConfigureSession = static (_, segment) =>
        {
            if (segment.Segment == "Whole")
                throw new InvalidOperationException("not\nthis one");
        });
        Ask(small, 30);
        Ask(broken, 30);
        Assert.True(SpinWait.SpinUntil(() => LedgerSnapshot.Of(ledger).Runners[1].Modes.Count(static m => m.WhyNotOpen?.Contains("failed") == true) == 2, Patience));
        Assert.True(SpinWait.SpinUntil(() => LedgerSnapshot.Of(ledger).Runners[0].Modes[2].WhyNotOpen?.Contains("MaxMemory") == true, Patience));
        LedgerSnapshot snapshot = LedgerSnapshot.Of(ledger);
        Assert.Contains("RunnerOptions.MaxMemory", snapshot.Runners[0].Modes[2].WhyNotOpen);
        Assert.Contains("not\nthis one", snapshot.Runners[1].Modes[2].WhyNotOpen);
        Assert.Equal(9, snapshot.ToString().Split('\n').Length);
    }

    [Fact]
    public void It_says_how_modes_compare_where_that_was_measured()
    {
        CoreLedger ledger = Ledgers.Own(2, _clock);
        using LooseRunner runner = Auto(ledger);
        Assert.All(LedgerSnapshot.Of(ledger).Runners[0].Modes, static m => Assert.Null(m.RelativeTime));
        // The whole model on two threads takes half of the time of one.
        RequestTimes times = runner.Engine.Times.Of([]);
        for (int i = 0; i < 1000; i++)
        {
            int mode = times.ForAlone([true, false, true]);
            times.Add(mode, mode == 0 ? 0.5 : 1);
        }
        RunnerSnapshot shown = LedgerSnapshot.Of(ledger).Runners[0];
        Assert.Equal(0.5, shown.Modes[0].RelativeTime!.Value, 3);
        Assert.Null(shown.Modes[1].RelativeTime);
        Assert.Equal(1, shown.Modes[2].RelativeTime);
    }

    [Fact]
    public void A_line_says_so_when_the_mode_is_open_and_was_measured()
    {
        CoreLedger ledger = Ledgers.Own(2, _clock);
        using LooseRunner runner = Auto(ledger);
        RequestTimes times = runner.Engine.Times.Of([]);
        for (int i = 0; i < 1000; i++)
        {
            int mode = times.ForAlone([false, true, true]);
            times.Add(mode, mode == 1 ? 0.625 : 1);
        }
        string[] lines = LedgerSnapshot.Of(ledger).ToString().Split('\n');
        Assert.Equal("  Whole with 2 threads, 2 cores: not open, it was not needed so far", lines[2]);
        Assert.Equal("> TwoLanes with 1 1 threads, 2 cores: 0 requests, 0 running, 0.63 of the time of one thread", lines[3]);
    }

    [Theory]
    [InlineData("Übersetzer 模型")]
    [InlineData("{0} {1:X} %s $\"")]
    [InlineData("a\nb\r\u2028> Whole\0")]
    [InlineData("")]
    public void A_name_is_kept_as_it_is_and_stays_on_its_line(string name)
    {
        CoreLedger ledger = Ledgers.Own(2);
        using LooseRunner runner = SplitModel.Lookup(name: name).Runner(new() { Ledger = ledger });
        LedgerSnapshot snapshot = LedgerSnapshot.Of(ledger);
        Assert.Equal(name, snapshot.Runners[0].Model);
        string[] lines = snapshot.ToString().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.EndsWith(" (Latency)", lines[1]);
        Assert.Equal(name.Any(char.IsControl), !lines[1].StartsWith(name, StringComparison.Ordinal));
        Assert.DoesNotContain(snapshot.ToString(), static c => char.IsControl(c) && c != '\n');
        Assert.Equal(lines[1] + "\n" + lines[2], snapshot.Runners[0].ToString());
    }

    [Fact]
    public void A_forgotten_runner_is_no_longer_shown()
    {
        CoreLedger ledger = Ledgers.Own(2);
        Forget(ledger);
        Assert.True(SpinWait.SpinUntil(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return LedgerSnapshot.Of(ledger).Runners.Count == 0;
        }, Patience));
        // But its requests are: the number only grows.
        using Meter meter = LedgerMeter.Of(ledger);
        Assert.Equal(3, Requests(meter));
        Ask(Auto(ledger), 2);
        Assert.Equal(5, Requests(meter));

        static long Requests(Meter meter) => Measurements.Of(meter.Equals).Where(static n => n.Name == "cleave.requests").Sum(static n => n.Value);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Forget(CoreLedger ledger) => Ask(Auto(ledger), 3);
    }

    [Fact]
    public async Task Snapshots_are_taken_while_runners_come_and_go()
    {
        CoreLedger ledger = Ledgers.Own(2);
        Task[] clients = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                using LooseRunner runner = Auto(ledger);
                Ask(runner, 10);
            }
        }))];
        Task all = Task.WhenAll(clients);
        using Meter meter = LedgerMeter.Of(ledger);
        do
        {
            LedgerSnapshot snapshot = LedgerSnapshot.Of(ledger);
            Assert.InRange(snapshot.Runners.Count, 0, 3);
            Assert.All(snapshot.Runners, static r => Assert.InRange(r.LastMode.Requests, 0, 10));
            Assert.InRange(Measurements.Of(meter.Equals).Where(static n => n.Name == "cleave.requests").Sum(static n => n.Value), 0, 600);
        }
        while (!all.IsCompleted);
        await all;
        Assert.Empty(LedgerSnapshot.Of(ledger).Runners);
        Assert.Equal(600, Measurements.Of(meter.Equals).Where(static n => n.Name == "cleave.requests").Sum(static n => n.Value));
    }

    [Fact]
    public async Task A_listener_sees_the_same_numbers()
    {
        CoreLedger ledger = Ledgers.Own(4);
        using Meter meter = LedgerMeter.Of(ledger);
        Assert.Equal(
            [("cleave.active_requests", 0, ""), ("cleave.busy_cores", 0, ""), ("cleave.cores", 4, ""), ("cleave.waiting_requests", 0, "")], Measurements.Of(meter.Equals));
        // Two of one model: their requests are one number.
        LooseRunner loop = SplitModel.Loop().Runner(new() { Ledger = ledger, Cores = 4 });
        LooseRunner again = SplitModel.Loop().Runner(new() { Ledger = ledger, Cores = 4 });
        again.Run(SplitModel.LoopOf(1, 1)).Dispose();
        using CancellationTokenSource source = new();
        Task<LooseOutput> run = loop.RunAsync(SplitModel.LoopOf(long.MaxValue, 1), source.Token);
        Assert.True(SpinWait.SpinUntil(() => ledger.Busy == 2, Patience));
        Assert.Equal(
            [
                ("cleave.active_requests", 1, ""), ("cleave.busy_cores", 2, ""), ("cleave.cores", 4, ""),
                ("cleave.queued_requests", 0, "model=test"), ("cleave.requests", 2, "model=test mode=TwoLanes with 1 1 threads"), ("cleave.waiting_requests", 0, ""),
            ], Measurements.Of(meter.Equals));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
        loop.Dispose();
        again.Dispose();
        // What disposed runners did is not forgotten: the number only grows.
        Assert.Equal(
            [
                ("cleave.active_requests", 0, ""), ("cleave.busy_cores", 0, ""), ("cleave.cores", 4, ""),
                ("cleave.requests", 2, "model=test mode=TwoLanes with 1 1 threads"), ("cleave.waiting_requests", 0, ""),
            ], Measurements.Of(meter.Equals));
    }

    [Fact]
    public void The_process_has_a_meter_and_a_snapshot()
    {
        // Other tests' runners and meters may be among them.
        string name = "process " + Guid.NewGuid();
        using (LooseRunner runner = SplitModel.Lookup(name: name).Runner())
        {
            runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
            LedgerSnapshot snapshot = LedgerSnapshot.Take();
            Assert.Contains(snapshot.Runners, r => r.Model == name);
            Assert.InRange(snapshot.Cores, 1, 4096);
            Assert.NotEmpty(snapshot.CoresReason);
            Assert.Contains(("cleave.requests", 1, "model=" + name + " mode=TwoLanes with 1 1 threads"), Measurements.Of(static meter => meter.Name == "Cleave"));
        }
        Assert.DoesNotContain(LedgerSnapshot.Take().Runners, r => r.Model == name);
    }

    private static LooseRunner Auto(CoreLedger ledger, Action<RunnerOptions>? change = null)
    {
        RunnerOptions options = new() { Ledger = ledger, Cores = 2 };
        change?.Invoke(options);
        return Towers.Runner(options);
    }

    private static void Ask(LooseRunner runner, int requests)
    {
        for (int i = 0; i < requests; i++)
            runner.Run(Towers.Request(Towers.Input(1))).Dispose();
    }
}
