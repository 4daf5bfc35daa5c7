using System;
using Cleave.Cores;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>How much memory sessions may take, by what the system says is left.</summary>
public sealed class MemoryLimitTests : IDisposable
{
    private const long Mega = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_the_application_says_counts_for_all_sessions()
    {
        MemoryLimit limit = new(100 * Mega, new ProcessFiles(_folder.Path));
        limit.Add(60 * Mega);
        Assert.True(limit.TryAdd(40 * Mega, out _));
        Assert.False(limit.TryAdd(1 * Mega, out string why));
        Assert.Equal("it would take about 1 MB, of 100 MB that RunnerOptions.MaxMemory allows", why);
    }

    [Theory]
    [InlineData("", "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current")]
    [InlineData("", "sys/fs/cgroup/memory.high", "sys/fs/cgroup/memory.current")]
    [InlineData("/outer/inner", "sys/fs/cgroup/outer/inner/memory.max", "sys/fs/cgroup/outer/inner/memory.current")]
    [InlineData("/outer/inner", "sys/fs/cgroup/outer/memory.max", "sys/fs/cgroup/outer/memory.current")]
    [InlineData("/outer/inner", "sys/fs/cgroup/outer/memory.high", "sys/fs/cgroup/outer/memory.current")]
    [InlineData("", "sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes")]
    [InlineData("/outer/inner", "sys/fs/cgroup/memory/outer/inner/memory.limit_in_bytes", "sys/fs/cgroup/memory/outer/inner/memory.usage_in_bytes")]
    [InlineData("/outer/inner", "sys/fs/cgroup/memory/outer/memory.limit_in_bytes", "sys/fs/cgroup/memory/outer/memory.usage_in_bytes")]
    public void Otherwise_each_may_take_half_of_what_the_container_leaves(string group, string most, string used)
    {
        Groups(group);
        Machine(8000);
        _folder.Write(most, "419430400\n");
        _folder.Write(used, "209715200\n");
        MemoryLimit limit = new(null, new ProcessFiles(_folder.Path));
        Assert.Equal("of 200 MB left", limit.Words);
        Assert.False(limit.TryAdd(101 * Mega, out _));
        Assert.True(limit.TryAdd(100 * Mega, out _));
        // What was granted is used by then, and the system says so; here it does not.
        Assert.True(limit.TryAdd(100 * Mega, out _));
        _folder.Write(used, "314572800\n");
        Assert.False(limit.TryAdd(100 * Mega, out _));
        Assert.True(limit.TryAdd(50 * Mega, out _));
    }

    [Fact]
    public void The_least_on_the_way_to_the_root_counts()
    {
        Groups("/outer/inner");
        Machine(8000);
        Group("outer/inner", "419430400", "104857600");
        Assert.Equal(300 * Mega, Left);
        // Its neighbours in the outer group use that up.
        Group("outer", "629145600", "576716800");
        Assert.Equal(50 * Mega, Left);
        // Over its limit, as a group may be when that was lowered.
        Group("outer/inner", "104857600", "209715200");
        Assert.Equal(0, Left);
        Group("outer/inner", "max", "209715200");
        Assert.Equal(50 * Mega, Left);
        Machine(20);
        Assert.Equal(20 * Mega, Left);
    }

    [Fact]
    public void A_container_sees_its_group_where_that_is_mounted()
    {
        _folder.Write("proc/self/cgroup", "0::/docker/abc/app\n");
        _folder.Write("proc/self/mountinfo", "25 1 0:22 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
        Group(".", "419430400", "209715200");
        Assert.Equal(200 * Mega, Left);
        Group("app", "314572800", "209715200");
        Assert.Equal(100 * Mega, Left);
    }

    [Theory]
    [InlineData("max", "209715200")]
    [InlineData("9223372036854771712", "209715200")]
    [InlineData("", "")]
    [InlineData("nonsense", "-3")]
    [InlineData("104857600", "")]
    [InlineData("-1", "3")]
    public void Where_the_container_has_no_limit_the_machine_has(string most, string used)
    {
        Groups("/outer");
        Machine(200);
        Group(".", most, used);
        Group("outer", most, used);
        _folder.Write("sys/fs/cgroup/memory/outer/memory.limit_in_bytes", most);
        _folder.Write("sys/fs/cgroup/memory/outer/memory.usage_in_bytes", used);
        Assert.Equal("of 200 MB left", new MemoryLimit(null, new ProcessFiles(_folder.Path)).Words);
    }

    [Fact]
    public void Where_the_groups_are_hidden_the_machine_has()
    {
        Machine(200);
        Group(".", "104857600", "3");
        Assert.Equal(200 * Mega, Left);
    }

    [Fact]
    public void Where_nothing_is_known_nothing_is_refused()
    {
        MemoryLimit limit = new(null, new ProcessFiles(_folder.Path));
        Assert.True(limit.TryAdd(1000 * Mega, out _));
        Assert.Equal("of unknown left", limit.Words);
    }

    private long? Left => new MemoryLimit(null, new ProcessFiles(_folder.Path)).Left();

    private void Machine(long megabytes) => _folder.Write("proc/meminfo", $"MemTotal:       9000000 kB\nMemAvailable:    {megabytes * 1024} kB\n");

    // The process in a group of version 2 and, as where both are mounted, of version 1.
    private void Groups(string group)
    {
        _folder.Write("proc/self/cgroup", $"4:cpu,cpuacct:/elsewhere\n3:memory:{group}\n0::{group}\n");
        _folder.Write("proc/self/mountinfo",
            "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
            + "31 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    }

    // Of version 2.
    private void Group(string group, string most, string used)
    {
        _folder.Write($"sys/fs/cgroup/{group}/memory.max", most + "\n");
        _folder.Write($"sys/fs/cgroup/{group}/memory.current", used + "\n");
    }
}
