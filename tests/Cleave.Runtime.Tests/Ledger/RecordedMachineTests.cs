using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>What requests, instances and lanes are granted on other machines than this one: by recorded trees of /proc and /sys. Every session says how it was made.</summary>
public sealed class RecordedMachineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ManualClock _clock = new();
    private readonly ListLogger _logger = new();
    private readonly ConcurrentQueue<(string Segment, int Threads)> _made = new();

    /// <summary>Where nothing is pinned a core is a processor, as masks and quotas count them.</summary>
    [Theory]
    [InlineData("sixteen", 16)]
    [InlineData("two sockets", 64)]
    [InlineData("hybrid", 24)]
    public void Requests_at_once_have_equal_shares_of_the_cores_in_instances_of_their_own(string machine, int cores)
    {
        using SysTree tree = Tree(machine);
        CoreLedger ledger = Ledger(tree, tree.Processors);
        Assert.Equal(cores, ledger.Cores.Now);
        using LooseRunner runner = Whole(tree, ledger);
        foreach (int requests in new[] { 1, 2, 4, 8 })
        {
            Turn[] turns = Granted(runner, requests, t => t.Mode.Cores == cores / requests, sessions: requests);
            Assert.All(turns, t => Assert.Equal([cores / requests], t.Mode.Plan.Threads));
            // Five of several threads, or one for each request beside the planned one: others have to go.
            Assert.InRange(Open(runner).Count(static threads => threads > 1), requests, Math.Max(PartSessions.MostThick, 1 + requests));
        }
        // More than there are cores: thin instances, each request on its own thread in one session.
        Granted(runner, cores + 1, static t => t.Mode.Cores == 1, sessions: 1);
        Assert.Equal([cores, .. Enumerable.Repeat(cores / 8, 8), 1], Open(runner));
        Assert.All(_made, m => Assert.Contains(m.Threads, new[] { cores, cores / 2, cores / 4, cores / 8, 1 }));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void A_quota_on_a_large_machine_counts_for_every_share()
    {
        using SysTree tree = SysTree.TwoSockets();
        tree.Write("proc/self/cgroup", "0::/app\n");
        tree.Write("proc/self/mountinfo", "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        tree.Write("sys/fs/cgroup/app/cpu.max", "850000 100000\n");
        CoreLedger ledger = Ledger(tree, tree.Processors);
        using LooseRunner runner = Whole(tree, ledger);
        Granted(runner, 1, static t => t.Mode.Cores == 8, sessions: 1);
        Granted(runner, 2, static t => t.Mode.Cores == 4, sessions: 2);
        Granted(runner, 9, static t => t.Mode.Cores == 1, sessions: 1);
        Assert.Contains(_logger.Lines, static l => l.Contains("8 of the process's cores (control group quota of 8.5)"));
    }

    /// <summary>Three runners, each with a split of two lanes: no processor twice.</summary>
    [Theory]
    [InlineData("sixteen", 4, "0,2,4,6 8,10,12,14", "1,3,5,7 9,11,13,15", null)]
    [InlineData("two sockets", 8, "0,1,2,3,4,5,6,7 8,9,10,11,12,13,14,15", "16,17,18,19,20,21,22,23 24,25,26,27,28,29,30,31",
        "32,33,34,35,36,37,38,39 40,41,42,43,44,45,46,47")]
    [InlineData("hybrid", 4, "0,2,4,6 8,10,12,14", "16,17,18,19 20,21,22,23", "1,3,5,7 9,11,13,15")]
    public void Pinned_lanes_have_cores_of_one_place_performance_cores_first_and_no_second_thread_of_a_core(
        string machine, int threads, string first, string second, string? third)
    {
        using SysTree tree = Tree(machine);
        CoreLedger ledger = Ledger(tree, tree.Processors);
        Dictionary<int, Processor> known = tree.Read(tree.Processors).Processors.ToDictionary(static p => p.Number);
        using LooseRunner one = Split(tree, ledger, threads), two = Split(tree, ledger, threads), three = Split(tree, ledger, threads);
        Assert.Equal(first, Lanes(one));
        Assert.Equal(second, Lanes(two));
        Assert.Equal(third, Lanes(three));
        Assert.Equal(third is null ? 1 : 0, _logger.Warnings.Count(static w => w.Contains("does not pin the lanes")));
        foreach (int[][] lanes in new[] { one, two, three }.Select(static r => r.Engine.Plan.Lease?.Lanes).OfType<int[][]>())
        {
            Assert.All(lanes, lane => Assert.Single(lane.Select(p => known[p].Domain).Distinct()));
            int[] all = [.. lanes.SelectMany(static lane => lane)];
            Assert.Single(all.Select(p => known[p].Node).Distinct());
            Assert.Single(all.Select(p => known[p].IsEfficient).Distinct());
            // All of them first threads, or all second ones: never both of one core.
            Assert.Single(all.Select(p => known[p].Sibling).Distinct());
        }
        // Each session has as many threads as its lane has cores.
        Assert.Equal(9, _made.Count);
        Assert.All(_made, m => Assert.Equal(threads, m.Threads));
    }

    [Fact]
    public void Lanes_stay_within_the_mask_and_its_second_socket()
    {
        using SysTree tree = SysTree.TwoSockets();
        CoreLedger ledger = Ledger(tree, [0, 1, 2, 16, 17, 18, 19, 24, 25, 26, 27, 48]);
        Assert.Equal(12, ledger.Cores.Now);
        using LooseRunner runner = Split(tree, ledger, 4);
        Assert.Equal("16,17,18,19 24,25,26,27", Lanes(runner));
    }

    [Fact]
    public void Where_sysfs_is_hidden_lanes_have_processors_of_the_mask()
    {
        using SysTree tree = new();
        CoreLedger ledger = Ledger(tree, [3, 4, 7, 9]);
        using LooseRunner runner = Split(tree, ledger, 2);
        Assert.Equal("3,4 7,9", Lanes(runner));
    }

    // The threads of the sessions that are open.
    private static IEnumerable<int> Open(LooseRunner runner)
    {
        RunnerModes modes = runner.Engine.Modes;
        return Enumerable.Range(0, modes.Count).SelectMany(modes.Instances).Select(static m => m.Cores).OrderDescending();
    }

    // Begins so many requests at once, again and again, until each is granted what it should be.
    private Turn[] Granted(LooseRunner runner, int requests, Predicate<Turn> isRight, int sessions)
    {
        Turn[] turns = [];
        Assert.True(SpinWait.SpinUntil(() =>
        {
            turns = Together(runner, requests);
            return Array.TrueForAll(turns, isRight) && turns.Select(static t => t.Mode.Plan.Sessions[0]).Distinct().Count() == sessions;
        }, Patience));
        return turns;
    }

    private Turn[] Together(LooseRunner runner, int requests)
    {
        CoreLedger ledger = runner.Engine.Modes.Ledger;
        RequestTimes times = runner.Engine.Times.Of([]);
        Turn[] turns = [.. Enumerable.Range(0, requests).Select(_ => runner.Engine.Modes.Enter(times, CancellationToken.None))];
        Assert.Equal((requests, turns.Sum(static t => t.Mode.Cores)), (ledger.InFlight, ledger.Busy));
        foreach (Turn turn in turns)
            runner.Engine.Modes.Leave(turn, times, succeeded: true);
        _clock.Pass(0.5);
        return turns;
    }

    private static string? Lanes(LooseRunner runner)
    {
        Assert.Equal(runner.Engine.Plan.Pins?.Select(static p => p.ToString()), runner.Engine.Plan.Lease?.Lanes.Select(Words));
        return runner.Engine.Plan.Lease is { } lease ? string.Join(' ', lease.Lanes.Select(Words)) : null;

        static string Words(int[] lane) => string.Join(',', lane.Select(static p => p.ToString(CultureInfo.InvariantCulture)));
    }

    private static SysTree Tree(string machine) => machine switch
    {
        "sixteen" => SysTree.Sixteen(),
        "two sockets" => SysTree.TwoSockets(),
        _ => SysTree.Hybrid(),
    };

    private CoreLedger Ledger(SysTree tree, int[] allowed) =>
        new(new CoreCount(() => CoreBudget.Resolve(allowed.Length, CgroupQuota.Read(tree.Files), null, null), _clock), _clock) { Allowed = () => allowed };

    // The whole model with as many threads as cores.
    private LooseRunner Whole(SysTree tree, CoreLedger ledger)
    {
        ModelProto model = Towers.Model();
        ModelDefinition plain = Definitions.Of(model);
        Plan whole = Definitions.Whole(plain.Inputs, plain.Outputs);
        RunnerOptions options = Options(tree, ledger);
        options.Model = Towers.Source;
        return new LooseRunner(Definitions.Of(model, [.. new[] { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64 }.Select(c => new Budget(c, whole, c))]), options);
    }

    private LooseRunner Split(SysTree tree, CoreLedger ledger, int threads)
    {
        RunnerOptions options = Options(tree, ledger);
        (options.Plan, options.Pinning) = (PlanChoice.Split, true);
        return Towers.Runner(options, new Budget(2 * threads, Towers.Plan, threads, threads));
    }

    private RunnerOptions Options(SysTree tree, CoreLedger ledger) => new()
    {
        Ledger = ledger,
        Files = tree.Files,
        Logger = _logger,
        ConfigureSession = (_, segment) => _made.Enqueue((segment.Segment, segment.Threads)),
    };
}
