using System;
using System.Globalization;
using System.Linq;
using Cleave.Cores;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>What /sys says of the processors, on trees as real machines have them, and which processors the lanes of a plan get by that.</summary>
public sealed class TopologyTests : IDisposable
{
    private readonly SysTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void Two_cores_are_taken_in_order()
    {
        for (int cpu = 0; cpu < 2; cpu++)
            _tree.Cpu(cpu, $"{cpu}", "0-1");
        _tree.Nodes("0-1");
        Topology topology = Read(2);
        Assert.Equal([new(0, 0, 0, 0, false), new(1, 0, 0, 0, false)], topology.Processors);
        Assert.Equal("0,1", Sets(topology, 2));
        Assert.Equal("0 1", Sets(topology, 1, 1));
        // As many lanes as there were in the plan for more cores.
        Assert.Equal("0 1 0 1", Sets(topology, 1, 1, 1, 1));
        Assert.Equal("0,1 1,0", Sets(topology, 3, 2));
    }

    [Fact]
    public void Each_core_is_used_before_the_second_thread_of_one()
    {
        using SysTree tree = SysTree.Sixteen();
        Topology topology = tree.Read(tree.Processors);
        Assert.Equal("0,2,4,6,8,10,12,14", Sets(topology, 8));
        Assert.Equal("0 2 4 6", Sets(topology, 1, 1, 1, 1));
        Assert.Equal("0,2,4,6,8,10,12,14,1,3,5,7,9,11,13,15", Sets(topology, 16));
        Assert.Equal("0,2,4,6,8,10,12,14 1,3,5,7 9,11 13,15", Sets(topology, 8, 4, 2, 2));
    }

    [Fact]
    public void A_plan_stays_within_one_cache_or_else_one_socket()
    {
        Topology topology = TwoSockets(Enumerable.Range(0, 64).ToArray());
        Assert.Equal(64, topology.Processors.Length);
        Assert.Equal([0, 8, 16, 24], topology.Processors.Select(static p => p.Domain).Distinct());
        Assert.Equal("0,1,2,3,4,5,6,7", Sets(topology, 8));
        Assert.Equal("0 1 2 3", Sets(topology, 1, 1, 1, 1));
        // Two caches of the first socket have as many cores; no lane has cores of both.
        Assert.Equal("0,1,2,3,4,5,6,7 8,9,10,11 12,13 14,15", Sets(topology, 8, 4, 2, 2));
        Assert.Equal("0,1,2,3 8,9,10,11,12,13,14,15 4,5,6,7", Sets(topology, 4, 8, 4));
        Assert.Equal("0,1,2,3,4,5 8,9,10,11,12,13", Sets(topology, 6, 6));
        Assert.Equal("0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15", Sets(topology, 16));
        // More than a socket has cores: the second threads of its cores are nearer than the other socket.
        Assert.Equal("0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,32,33,34,35", Sets(topology, 20));
        // More than a socket has threads of cores: both, and a thread of each core first.
        Assert.Equal(string.Join(',', Enumerable.Range(0, 33)), Sets(topology, 33));
    }

    [Fact]
    public void Of_the_caches_the_mask_shows_the_one_with_enough_cores_is_taken()
    {
        // Three cores of the first cache, one of them with both threads, five of the second socket's first.
        Topology topology = TwoSockets([1, 2, 34, 36, 16, 17, 18, 19, 20]);
        Assert.Equal("1,2,36", Sets(topology, 3));
        Assert.Equal("16,17,18,19", Sets(topology, 4));
        Assert.Equal("16,17,18 19,20", Sets(topology, 3, 2));
        Assert.Equal("1,2,36 16,17,18", Sets(topology, 3, 3));
        Assert.Equal("16,17,18,19 1,2,36 20 34", Sets(topology, 4, 3, 1, 1));
    }

    [Fact]
    public void Performance_cores_come_before_efficiency_cores()
    {
        Topology topology = Hybrid(Enumerable.Range(0, 24).ToArray());
        Assert.Equal("0,2,4,6,8,10,12,14", Sets(topology, 8));
        Assert.Equal("0,2,4,6,8,10,12,14 16,17,18,19 20,21 22,23", Sets(topology, 8, 4, 2, 2));
        Assert.Equal("0,2,4,6,8,10,12,14,16,17,18,19,20,21,22,23", Sets(topology, 16));
        // The second thread of a performance core gives less than an efficiency core.
        Assert.Equal("0,2,4,6,8,10,12,14,16,17,18,19,20,21,22,23 1,3", Sets(topology, 16, 2));
        Assert.Equal("16,17,18 19", Sets(Hybrid([16, 17, 18, 19, 20]), 3, 1));
    }

    [Fact]
    public void Slower_cores_are_told_by_their_capacity_and_not_taken_for_their_number()
    {
        // Six slow and two fast ones, each kind with a cache of its own, as on boards with ARM processors; the fast ones not equally fast.
        for (int cpu = 0; cpu < 8; cpu++)
        {
            _tree.Cpu(cpu, $"{cpu}", cpu < 6 ? "0-5" : "6-7");
            _tree.Write(cpu, "cpu_capacity", cpu < 6 ? "446" : cpu == 6 ? "980" : "1024");
        }
        Topology topology = Read(8);
        Assert.Equal("6,7", Sets(topology, 2));
        Assert.Equal("6 7 0 1", Sets(topology, 1, 1, 1, 1));
        Assert.Equal("6,7,0,1", Sets(topology, 4));
        Assert.Equal("6,7 0,1,2,3", Sets(topology, 2, 4));
    }

    [Fact]
    public void Without_lists_of_siblings_cores_are_told_by_their_numbers()
    {
        // Both sockets number their cores from 0.
        for (int cpu = 0; cpu < 8; cpu++)
        {
            _tree.Write(cpu, "topology/core_id", $"{cpu % 2}");
            _tree.Write(cpu, "topology/physical_package_id", $"{cpu / 2 % 2}");
        }
        Assert.Equal("0,1,2,3", Sets(Read(8), 4));
        Assert.Equal("0,1,2,3,4", Sets(Read(8), 5));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("0-")]
    [InlineData("7-0")]
    [InlineData("none")]
    [InlineData("-1")]
    [InlineData("0-1-2")]
    [InlineData("0-4294967295")]
    [InlineData("99999999999999999999")]
    [InlineData("0,,1")]
    [InlineData("5")]
    [InlineData("0\n1")]
    public void What_makes_no_sense_is_as_if_it_were_absent(string text)
    {
        for (int cpu = 0; cpu < 4; cpu++)
        {
            _tree.Cpu(cpu, text, text);
            _tree.Write(cpu, "topology/core_id", "-1");
            _tree.Write(cpu, "topology/physical_package_id", text == "5" ? "-1" : text);
            _tree.Write(cpu, "cpu_capacity", cpu == 0 ? text + "x" : "-4");
        }
        _tree.Write("sys/devices/system/node/online", text);
        _tree.Write("sys/devices/system/node/node0/cpulist", text == "5" ? "6" : text);
        _tree.Write("sys/devices/cpu_core/cpus", text);
        _tree.Write("sys/devices/cpu_atom/cpus", text == "5" ? "" : text);
        Assert.Equal([new(0, 0, 0, 0, false), new(1, 0, 0, 0, false), new(2, 0, 0, 0, false), new(3, 0, 0, 0, false)], Read(4).Processors);
        Assert.Null(text == "5" ? null : ProcessorList.Parse(text));
    }

    [Fact]
    public void Without_sysfs_each_processor_is_a_core_and_all_are_one_domain()
    {
        Topology topology = Read([3, 5, 9, 9, 2]);
        Assert.Equal([new(2, 0, 2, 0, false), new(3, 0, 2, 0, false), new(5, 0, 2, 0, false), new(9, 0, 2, 0, false)], topology.Processors);
        Assert.Equal("2,3 5 9", Sets(topology, 2, 1, 1));
    }

    [Fact]
    public void This_machine_hands_out_every_processor_once()
    {
        int[] allowed = AffinityMask.Processors();
        Topology topology = Topology.Read(ProcessFiles.System, allowed);
        Assert.Equal(allowed, topology.Processors.Select(static p => p.Number).Order());
        int[][] sets = CoreSets.For(topology, [.. allowed.Select(static _ => 1)]);
        Assert.Equal(allowed, sets.Select(Assert.Single).Order());
    }

    [Fact]
    public void Whatever_the_machine_every_lane_gets_its_processors_and_no_two_the_same()
    {
        Random random = new(6);
        for (int round = 0; round < 500; round++)
        {
            Processor[] processors = [.. Enumerable.Range(0, random.Next(1, 40)).Select(n =>
                new Processor(n, random.Next(2), random.Next(4), random.Next(2), random.Next(3) == 0))];
            Topology topology = new([.. processors.OrderBy(static p => (p.Sibling, p.IsEfficient, p.Node, p.Domain, p.Number))]);
            int[] threads = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(1, 12))];
            int[][] sets = CoreSets.For(topology, threads);
            Assert.Equal(threads.Length, sets.Length);
            Assert.All(sets, (set, lane) => Assert.InRange(set.Length, 1, threads[lane]));
            Assert.All(sets.SelectMany(static s => s), p => Assert.InRange(p, 0, processors.Length - 1));
            if (threads.Sum() > processors.Length)
                continue;
            Assert.Equal(threads, sets.Select(static s => s.Length));
            Assert.Equal(threads.Sum(), sets.SelectMany(static s => s).Distinct().Count());
        }
    }

    private static Topology TwoSockets(int[] allowed)
    {
        using SysTree tree = SysTree.TwoSockets();
        return tree.Read(allowed);
    }

    private static Topology Hybrid(int[] allowed)
    {
        using SysTree tree = SysTree.Hybrid();
        return tree.Read(allowed);
    }

    private Topology Read(int processors) => Read(Enumerable.Range(0, processors).ToArray());

    private Topology Read(int[] allowed) => _tree.Read(allowed);

    private static string Sets(Topology topology, params int[] threads) => string.Join(' ',
        CoreSets.For(topology, threads).Select(static set => string.Join(',', set.Select(static p => p.ToString(CultureInfo.InvariantCulture)))));
}
