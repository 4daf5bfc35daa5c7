using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Sessions;

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

    [Fact]
    public void Sessions_whose_place_others_take_count_as_long_as_they_are_there()
    {
        ProcessFiles files = new(_folder.Path);
        MemoryLimit old = new(100 * Mega, files), next = new(100 * Mega, files) { Beside = old };
        old.Add(60 * Mega);
        next.Add(30 * Mega);
        Assert.False(next.TryAdd(11 * Mega, out _));
        Assert.True(next.TryAdd(10 * Mega, out _));
        old.Close();
        Assert.True(next.TryAdd(60 * Mega, out _));
        Assert.False(next.TryAdd(1 * Mega, out _));
    }

    [Fact]
    public void What_others_took_the_place_of_is_let_go_with_them()
    {
        ProcessFiles files = new(_folder.Path);
        (MemoryLimit now, WeakReference first) = Third(files);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(first.IsAlive);
        GC.KeepAlive(now);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (MemoryLimit, WeakReference) Third(ProcessFiles files)
        {
            MemoryLimit first = new(100 * Mega, files), second = new(100 * Mega, files) { Beside = first };
            first.Close();
            MemoryLimit third = new(100 * Mega, files) { Beside = second };
            second.Close();
            return (third, new WeakReference(first));
        }
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
    public void Otherwise_further_ones_may_take_half_of_what_the_container_leaves(string group, string most, string used)
    {
        Groups(group);
        Machine(8000);
        _folder.Write(most, "419430400\n");
        _folder.Write(used, "209715200\n");
        MemoryLimit limit = new(null, new ProcessFiles(_folder.Path));
        Assert.Equal("of 200 MB left", limit.Words);
        Assert.False(limit.TryAdd(101 * Mega, out _));
        Assert.True(limit.TryAdd(60 * Mega, out _));
        // While that is being made the system does not count it.
        Assert.False(limit.TryAdd(41 * Mega, out _));
        _folder.Write(used, "272629760\n");
        limit.Opened(60 * Mega);
        Assert.False(limit.TryAdd(41 * Mega, out string why));
        Assert.Equal("it would take about 41 MB, of 140 MB left beside 60 MB of further sessions in the process", why);
        Assert.True(limit.TryAdd(40 * Mega, out _));
        Assert.Equal(100 * Mega, limit.Taken);
    }

    [Fact]
    public void Half_of_it_is_for_all_runners_together_that_have_no_limit_of_their_own()
    {
        Machine(200);
        ProcessFiles files = new(_folder.Path);
        FurtherSessions all = new();
        MemoryLimit one = new(null, files, all), other = new(null, files, all), own = new(1000 * Mega, files, all);
        // Neither the first session of each nor what was allowed otherwise counts.
        one.Add(500 * Mega);
        own.Add(500 * Mega);
        Assert.True(own.TryAdd(500 * Mega, out _));
        Assert.True(one.TryAdd(70 * Mega, out _));
        Assert.False(other.TryAdd(31 * Mega, out _));
        Assert.True(other.TryAdd(30 * Mega, out _));
        // ONNX Runtime refused it.
        other.Return(30 * Mega);
        Assert.True(other.TryAdd(30 * Mega, out _));
        Machine(100);
        one.Opened(70 * Mega);
        other.Opened(30 * Mega);
        Assert.False(other.TryAdd(1 * Mega, out _));
        Assert.Equal(570 * Mega, one.Taken);
        // Its runner was disposed.
        one.Close();
        Machine(170);
        Assert.False(other.TryAdd(71 * Mega, out _));
        Assert.True(other.TryAdd(70 * Mega, out _));
    }

    [Fact]
    public void Of_many_that_ask_at_once_none_gets_what_another_one_got()
    {
        Machine(200);
        ProcessFiles files = new(_folder.Path);
        FurtherSessions all = new();
        MemoryLimit[] limits = [.. Enumerable.Range(0, 64).Select(_ => new MemoryLimit(null, files, all))];
        int granted = 0;
        Parallel.ForEach(limits, limit =>
        {
            while (limit.TryAdd(7 * Mega, out _))
                Interlocked.Increment(ref granted);
        });
        Assert.Equal(14, granted);
        GC.KeepAlive(limits);
    }

    [Fact]
    public void What_a_forgotten_runner_took_is_free_again()
    {
        Machine(200);
        FurtherSessions all = new();
        MemoryLimit limit = new(null, new ProcessFiles(_folder.Path), all);
        Forget(all);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.True(limit.TryAdd(100 * Mega, out _));
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
        Assert.StartsWith("of unknown left", limit.Words);
    }

    // In a method of its own: nothing is on the stack any more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Forget(FurtherSessions all) => Assert.True(new MemoryLimit(null, new ProcessFiles(_folder.Path), all).TryAdd(100 * Mega, out _));

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
