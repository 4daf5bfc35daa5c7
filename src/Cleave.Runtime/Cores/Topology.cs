using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.Cores;

/// <summary>A processor that the process may run on, as the system numbers it: a thread of a core.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Sibling">0 for the first of its core's threads that the process may use, then 1, and so on.</param>
/// <param name="Domain">Those of one domain share the last level of cache and their memory: the lowest number among them.</param>
/// <param name="Node">The memory that is near.</param>
/// <param name="IsEfficient">Whether it is of the slower kind, where a machine has two.</param>
internal readonly record struct Processor(int Number, int Sibling, int Domain, int Node, bool IsEfficient);

/// <summary>
/// What the processors of the process have in common, as Linux says in /sys (Documentation/admin-guide/cputopology.rst and Documentation/ABI/testing/sysfs-devices-system-cpu).
/// Where that is absent or makes no sense, each is a core of its own, and all are one domain.
/// </summary>
/// <param name="Processors">In the order in which they are handed out: one thread of each core before its siblings, performance cores before efficiency cores.</param>
internal sealed record Topology(Processor[] Processors)
{
    private const string Cpus = "/sys/devices/system/cpu";
    private const string Nodes = "/sys/devices/system/node";

    // The kernel has at most four levels, of two kinds at the first.
    private const int MostCaches = 8;

    /// <summary>Reads it for the processors of a mask.</summary>
    public static Topology Read(ProcessFiles files, int[] allowed)
    {
        Dictionary<int, int> nodes = NodesOf(files);
        Func<int, bool> isEfficient = Efficient(files, allowed);
        Dictionary<string, int> siblings = new(StringComparer.Ordinal);
        Dictionary<(int, int), int> domains = [];
        List<Processor> processors = new(allowed.Length);
        foreach (int number in allowed.Distinct().Order())
        {
            string core = CoreOf(files, number);
            int sibling = siblings.GetValueOrDefault(core);
            siblings[core] = sibling + 1;
            int node = nodes.GetValueOrDefault(number);
            (int, int) shared = (LastCacheOf(files, number), node);
            if (!domains.TryGetValue(shared, out int domain))
                domains.Add(shared, domain = number);
            processors.Add(new Processor(number, sibling, domain, node, isEfficient(number)));
        }
        return new Topology([.. processors.OrderBy(static p => (p.Sibling, p.IsEfficient, p.Node, p.Domain, p.Number))]);
    }

    // What the threads of a core have in common, and no other has.
    private static string CoreOf(ProcessFiles files, int number)
    {
        string folder = Folder(number) + "/topology/";
        if (ProcessorList.Read(files, folder + "thread_siblings_list") is { } siblings && Array.IndexOf(siblings, number) >= 0)
            return Text(siblings[0]);
        return Number(files, folder + "core_id") is { } core && Number(files, folder + "physical_package_id") is { } package
            ? "package " + Text(package) + " core " + Text(core)
            : Text(number);
    }

    // The first of those that share it; -1 where there is none, or it is not said.
    private static int LastCacheOf(ProcessFiles files, int number)
    {
        for (int i = 0; i < MostCaches; i++)
        {
            string cache = Folder(number) + "/cache/index" + Text(i) + "/";
            if (Number(files, cache + "level") == 3 && files.Read(cache + "type") == "Unified"
                && ProcessorList.Read(files, cache + "shared_cpu_list") is { } shared && Array.IndexOf(shared, number) >= 0)
            {
                return shared[0];
            }
        }
        return -1;
    }

    // Of each processor that is named, the first node that names it.
    private static Dictionary<int, int> NodesOf(ProcessFiles files)
    {
        Dictionary<int, int> nodes = [];
        foreach (int node in ProcessorList.Read(files, Nodes + "/online") ?? [])
        {
            foreach (int processor in ProcessorList.Read(files, Nodes + "/node" + Text(node) + "/cpulist") ?? [])
                nodes.TryAdd(processor, node);
        }
        return nodes;
    }

    // Intel's two kinds are devices of their own; elsewhere the capacities differ.
    private static Func<int, bool> Efficient(ProcessFiles files, int[] allowed)
    {
        if (ProcessorList.Read(files, "/sys/devices/cpu_core/cpus") is { } fast && ProcessorList.Read(files, "/sys/devices/cpu_atom/cpus") is { } slow)
            return slow.Except(fast).ToHashSet().Contains;
        Dictionary<int, int> capacities = [];
        foreach (int number in allowed)
        {
            if (Number(files, Folder(number) + "/cpu_capacity") is { } capacity)
                capacities[number] = capacity;
        }
        int most = capacities.Values.DefaultIfEmpty().Max();
        // Some cores of a kind boost a little higher than others; those of another kind have about half.
        return number => capacities.TryGetValue(number, out int capacity) && capacity < most / 4 * 3;
    }

    private static string Folder(int number) => Cpus + "/cpu" + Text(number);

    private static int? Number(ProcessFiles files, string path) =>
        int.TryParse(files.Read(path), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
