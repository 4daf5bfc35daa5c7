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
    [InlineData("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current")]
    [InlineData("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes")]
    public void Otherwise_each_may_take_half_of_what_the_container_leaves(string most, string used)
    {
        _folder.Write("proc/meminfo", "MemTotal:       9000000 kB\nMemAvailable:    8000000 kB\n");
        _folder.Write(most, "419430400\n");
        _folder.Write(used, "209715200\n");
        MemoryLimit limit = new(null, new ProcessFiles(_folder.Path));
        Assert.Equal("of 200 MB left", limit.Words);
        Assert.False(limit.TryAdd(101 * Mega, out _));
        Assert.True(limit.TryAdd(100 * Mega, out _));
        Assert.True(limit.TryAdd(100 * Mega, out _));
    }

    [Theory]
    [InlineData("max", "209715200")]
    [InlineData("9223372036854771712", "209715200")]
    [InlineData("", "")]
    [InlineData("nonsense", "-3")]
    public void Where_the_container_has_no_limit_the_machine_has(string most, string used)
    {
        _folder.Write("proc/meminfo", "MemTotal:       9000000 kB\nMemAvailable:    204800 kB\n");
        _folder.Write("sys/fs/cgroup/memory.max", most);
        _folder.Write("sys/fs/cgroup/memory.current", used);
        Assert.Equal("of 200 MB left", new MemoryLimit(null, new ProcessFiles(_folder.Path)).Words);
    }

    [Fact]
    public void Where_nothing_is_known_nothing_is_refused()
    {
        MemoryLimit limit = new(null, new ProcessFiles(_folder.Path));
        Assert.True(limit.TryAdd(1000 * Mega, out _));
        Assert.Equal("of unknown left", limit.Words);
    }
}
