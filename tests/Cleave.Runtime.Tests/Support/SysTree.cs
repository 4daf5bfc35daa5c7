using System;
using System.Linq;
using Cleave.Cores;

namespace Cleave.Runtime.Tests.Support;

/// <summary>What /sys says of a machine's processors, as real machines have it: written by the test.</summary>
internal sealed class SysTree : IDisposable
{
    private readonly TempFolder _folder = new();

    public ProcessFiles Files => new(_folder.Path);

    /// <summary>Its processors; those that a process may run on are these, or some of them.</summary>
    public int[] Processors { get; private init; } = [];

    public void Dispose() => _folder.Dispose();

    /// <summary>Eight cores of two threads with one cache; neighbours are siblings, as in virtual machines.</summary>
    public static SysTree Sixteen()
    {
        SysTree tree = new() { Processors = [.. Enumerable.Range(0, 16)] };
        foreach (int cpu in tree.Processors)
            tree.Cpu(cpu, $"{cpu & ~1}-{cpu | 1}", "0-15");
        tree.Nodes("0-15");
        return tree;
    }

    /// <summary>Two sockets of two caches of eight cores each; the second threads of the cores are numbered after all first ones.</summary>
    public static SysTree TwoSockets()
    {
        SysTree tree = new() { Processors = [.. Enumerable.Range(0, 64)] };
        foreach (int cpu in tree.Processors)
        {
            int core = cpu % 32, first = core / 8 * 8;
            tree.Cpu(cpu, $"{core},{core + 32}", $"{first}-{first + 7},{first + 32}-{first + 39}");
        }
        tree.Nodes("0-15,32-47", "16-31,48-63");
        return tree;
    }

    /// <summary>Eight performance cores of two threads, then eight efficiency cores, with one cache.</summary>
    public static SysTree Hybrid()
    {
        SysTree tree = new() { Processors = [.. Enumerable.Range(0, 24)] };
        foreach (int cpu in tree.Processors)
            tree.Cpu(cpu, cpu < 16 ? $"{cpu & ~1}-{cpu | 1}" : $"{cpu}", "0-23");
        tree.Nodes("0-23");
        tree.Write("sys/devices/cpu_core/cpus", "0-15\n");
        tree.Write("sys/devices/cpu_atom/cpus", "16-23\n");
        return tree;
    }

    /// <summary>A processor: the threads of its core, and those that share its last cache. The caches of one core come first: index0 and index1 of level 1, index2 of level 2.</summary>
    public void Cpu(int cpu, string siblings, string lastCache)
    {
        Write(cpu, "topology/thread_siblings_list", siblings);
        string[] levels = ["1", "1", "2", "3"], types = ["Data", "Instruction", "Unified", "Unified"];
        for (int i = 0; i < levels.Length; i++)
        {
            Write(cpu, $"cache/index{i}/level", levels[i]);
            Write(cpu, $"cache/index{i}/type", types[i]);
            Write(cpu, $"cache/index{i}/shared_cpu_list", i < 3 ? siblings : lastCache);
        }
    }

    /// <summary>The processors of each memory node.</summary>
    public void Nodes(params string[] processors)
    {
        Write("sys/devices/system/node/online", processors.Length == 1 ? "0\n" : $"0-{processors.Length - 1}\n");
        for (int node = 0; node < processors.Length; node++)
            Write($"sys/devices/system/node/node{node}/cpulist", processors[node] + "\n");
    }

    public void Write(int cpu, string file, string text) => Write($"sys/devices/system/cpu/cpu{cpu}/{file}", text + "\n");

    public void Write(string file, string text) => _folder.Write(file, text);

    public Topology Read(int[] allowed) => Topology.Read(Files, allowed);
}
