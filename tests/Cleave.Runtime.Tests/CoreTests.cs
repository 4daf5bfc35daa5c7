using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Cores;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>How many cores a process has: the smallest of affinity mask, control group quota, CLEAVE_CORES and option.</summary>
public sealed class CoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_smallest_limit_wins_and_is_named()
    {
        Check(8, "affinity mask", 8, null, null, null);
        Check(3, "control group quota of 3.9", 8, 3.9, null, null);
        Check(1, "control group quota of 0.25", 8, 0.25, null, null);
        Check(2, "CLEAVE_CORES", 8, 3.9, "2", null);
        Check(1, "RunnerOptions.Cores", 8, 3.9, "2", 1);
        // None of them raises the number.
        Check(8, "affinity mask", 8, 64, "100", 100);
        Check(8, "affinity mask", 8, 1e300, "", null);
        Check(1, "affinity mask", 0, null, null, null);

        static void Check(int cores, string reason, int affinity, double? quota, string? variable, int? option) =>
            Assert.Equal(new CoreBudget(cores, reason, null), CoreBudget.Resolve(affinity, quota, variable, option));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-2")]
    [InlineData("many")]
    [InlineData("1.5")]
    [InlineData("5000")]
    [InlineData("99999999999999999999")]
    [InlineData(" ")]
    public void An_absurd_CLEAVE_CORES_is_ignored_and_named(string value) =>
        Assert.Equal(new CoreBudget(4, "affinity mask", value), CoreBudget.Resolve(4, null, value, null));

    [Fact]
    public void An_absurd_option_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { Cores = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { Weights = (WeightLoading)7 });
        Assert.Null(new RunnerOptions { Cores = null }.Cores);
    }

    [Fact]
    public void This_process_has_at_least_one_core()
    {
        Assert.InRange(AffinityMask.Count(), 1, 4096);
        Assert.InRange(CoreBudget.Resolve(null).Cores, 1, AffinityMask.Count());
    }

    [Fact]
    public void Without_a_mask_it_is_what_the_runtime_counts()
    {
        ProcessFiles nothing = new(_folder.Path);
        Assert.Equal(Environment.ProcessorCount, AffinityMask.Count([]));
        int[] all = AffinityMask.Processors([]);
        Assert.Equal(Enumerable.Range(0, Environment.ProcessorCount), all);
        Assert.Equal(Environment.ProcessorCount, CoreBudget.Resolve(AffinityMask.Count([]), CgroupQuota.Read(nothing), null, null).Cores);
        Assert.All(Topology.Read(nothing, all).Processors, static p => Assert.Equal((0, 0, 0, false), (p.Sibling, p.Domain, p.Node, p.IsEfficient)));
        // The mask alone, where /proc and /sys are hidden.
        Assert.Equal(3, AffinityMask.Count([0b101, 0x80, 0]));
        Assert.Equal([0, 2, 15], AffinityMask.Processors([0b101, 0x80, 0]));
        Assert.Equal(CoreBudget.Resolve(AffinityMask.Count(), null, Environment.GetEnvironmentVariable(CoreBudget.Variable), null), new ProcessBudget(nothing).Read());
    }

    [Theory]
    [InlineData("many")]
    [InlineData("0")]
    [InlineData("a\nb")]
    public void A_runner_warns_of_an_absurd_CLEAVE_CORES_and_goes_on(string value)
    {
        ListLogger logger = new();
        CoreLedger ledger = new(new CoreCount(() => CoreBudget.Resolve(2, null, value, null), TimeProvider.System), TimeProvider.System);
        using LooseRunner runner = Towers.Runner(new() { Ledger = ledger, Logger = logger });
        Assert.Equal($"Cleave ignores CLEAVE_CORES=\"{value}\" for test: a whole number from 1 to 4096 is expected", Assert.Single(logger.Warnings));
        Assert.Contains(logger.Lines, static l => l.Contains("2 of the process's cores (affinity mask)"));
        runner.Run(Towers.Request(Towers.Input(1))).Dispose();
    }

    [Fact]
    public void Version_2_takes_the_smallest_on_the_way_to_the_root()
    {
        _folder.Write("proc/self/cgroup", "0::/outer/inner\n");
        _folder.Write("proc/self/mountinfo", "25 1 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
        _folder.Write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
        Assert.Null(Quota);
        _folder.Write("sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
        Assert.Equal(1.5, Quota);
        _folder.Write("sys/fs/cgroup/outer/inner/cpu.max", "400000 100000\n");
        Assert.Equal(1.5, Quota);
        _folder.Write("sys/fs/cgroup/outer/inner/cpu.max", "50000 100000\n");
        Assert.Equal(0.5, Quota);
    }

    [Fact]
    public void Version_2_in_a_container_without_a_namespace_of_its_own()
    {
        _folder.Write("proc/self/cgroup", "0::/docker/abc/app\n");
        _folder.Write("proc/self/mountinfo", "25 1 0:22 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
        _folder.Write("sys/fs/cgroup/cpu.max", "300000 100000\n");
        Assert.Equal(3, Quota);
        _folder.Write("sys/fs/cgroup/app/cpu.max", "200000 100000\n");
        Assert.Equal(2, Quota);
        // A group that the mount does not show: what is mounted counts.
        _folder.Write("proc/self/cgroup", "0::/../../elsewhere\n");
        Assert.Equal(3, Quota);
    }

    [Fact]
    public void Version_1_likewise()
    {
        _folder.Write("proc/self/cgroup", "5:cpuset:/\n4:cpu,cpuacct:/a/b\n1:name=systemd:/\n0::/\n");
        _folder.Write("proc/self/mountinfo",
            "30 25 0:26 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n31 25 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
        _folder.Write("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n");
        _folder.Write("sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n");
        Assert.Null(Quota);
        _folder.Write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "250000\n");
        _folder.Write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
        Assert.Equal(2.5, Quota);
        _folder.Write("sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "1\n");
        _folder.Write("sys/fs/cgroup/cpuset/cpu.cfs_period_us", "100000\n");
        Assert.Equal(2.5, Quota);
    }

    public static IEnumerable<object[]> Nonsense =>
        [[""], ["max"], ["1"], ["-5 100000"], ["5 0"], ["x y"], ["99999999999999999999 1"], ["1 2 3"]];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Files_that_make_no_sense_limit_nothing(string text)
    {
        _folder.Write("proc/self/cgroup", "0::/\nnonsense\n\n::\n");
        _folder.Write("proc/self/mountinfo", "nonsense\n - \n25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        _folder.Write("sys/fs/cgroup/cpu.max", text);
        Assert.Null(Quota);
    }

    [Fact]
    public void Quotas_are_read_again_and_nothing_is_allocated()
    {
        _folder.Write("proc/self/cgroup", "0::/a\n");
        _folder.Write("proc/self/mountinfo", "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        _folder.Write("sys/fs/cgroup/a/cpu.max", "100000 100000\n");
        _folder.Write("sys/fs/cgroup/b/cpu.max", "300000 100000\n");
        ManualClock clock = new();
        using OpenQuota quota = new(new ProcessFiles(_folder.Path), clock);
        Assert.Equal(1, quota.Read());
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            quota.Read();
            clock.Pass(300);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        _folder.Write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
        Assert.Equal(2, quota.Read());
        // The process is put into another group.
        _folder.Write("proc/self/cgroup", "0::/b\n");
        Assert.Equal(3, quota.Read());
        _folder.Write("proc/self/cgroup", "0::/gone\n");
        Assert.Null(quota.Read());
    }

    [Fact]
    public void A_limit_whose_file_appears_later_is_noticed_after_a_while()
    {
        _folder.Write("proc/self/cgroup", "0::/a\n");
        _folder.Write("proc/self/mountinfo", "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        ManualClock clock = new();
        using OpenQuota quota = new(new ProcessFiles(_folder.Path), clock);
        Assert.Null(quota.Read());
        _folder.Write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
        clock.Pass(OpenQuota.Period.TotalMilliseconds - 1);
        Assert.Null(quota.Read());
        clock.Pass(2);
        Assert.Equal(2, quota.Read());
        _folder.Write("sys/fs/cgroup/cpu.max", "100000 100000\n");
        clock.Pass(OpenQuota.Period.TotalMilliseconds + 1);
        Assert.Equal(1, quota.Read());
    }

    [Theory]
    [InlineData("cpu.max")]
    [InlineData("cpu.cfs_quota_us")]
    public void A_file_that_cannot_be_read_any_more_is_looked_for_at_once(string file)
    {
        bool isSecond = file == "cpu.max";
        _folder.Write("proc/self/cgroup", isSecond ? "0::/a\n" : "4:cpu:/a\n");
        _folder.Write("proc/self/mountinfo", isSecond ? "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n" : "31 25 0:27 / /sys/fs/cgroup rw - cgroup cgroup rw,cpu\n");
        _folder.Write("sys/fs/cgroup/a/cpu.cfs_period_us", "100000\n");
        string path = _folder.Write("sys/fs/cgroup/a/" + file, Limit(1));
        ManualClock clock = new();
        using OpenQuota quota = new(new ProcessFiles(_folder.Path), clock);
        Assert.Equal(1, quota.Read());
        // As of a group that was removed, whose open files give nothing: another takes its name.
        File.WriteAllText(path, "");
        Assert.Null(quota.Read());
        File.Delete(path);
        Assert.Null(quota.Read());
        _folder.Write("sys/fs/cgroup/a/" + file, Limit(3));
        clock.Pass(OpenQuota.Period.TotalMilliseconds + 1);
        Assert.Equal(3, quota.Read());
        File.WriteAllText(path, "");
        File.Move(path, path + ".old");
        _folder.Write("sys/fs/cgroup/a/" + file, Limit(2));
        Assert.Equal(2, quota.Read());

        string Limit(int cores) => isSecond ? cores + "00000 100000\n" : cores + "00000\n";
    }

    [Fact]
    public void The_budget_of_the_process_is_the_same_object_while_nothing_changes()
    {
        ProcessBudget budget = new(ProcessFiles.System);
        CoreBudget first = budget.Read();
        Assert.Equal(CoreBudget.Resolve(null), first);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Same(first, budget.Read());
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void No_control_groups_at_all() => Assert.Null(Quota);

    private double? Quota => CgroupQuota.Read(new ProcessFiles(_folder.Path));
}
