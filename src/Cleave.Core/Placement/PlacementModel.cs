using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;

namespace Cleave.Core.Placement;

/// <summary>Makes of a model at dimensions, the CPU's cost model and an accelerator's profile what the planner places.</summary>
internal static class PlacementModel
{
    /// <summary>
    /// Nanoseconds until the thread of the other side is at work (<see cref="TransferCost.Dispatch"/>): a wake-up by the system, and what the runner does for a request beside the copies. On a machine with
    /// idle cores; <c>./build.sh bench placement --only DeviceDispatch</c> measures it on the one at hand.
    /// </summary>
    public const double Dispatch = 25_000;

    /// <param name="units">The model's units: fusion groups, and those together between which nothing can be cut.</param>
    /// <param name="graph">The model at dimensions.</param>
    /// <param name="cpu">The CPU.</param>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="lanes">Lanes of the CPU, of one thread each.</param>
    public static PlacementProblem Of(PlanUnits units, SizedGraph graph, CostModel cpu, AcceleratorProfile accelerator, int lanes = 1)
    {
        List<Processor> processors = [.. Enumerable.Range(0, lanes).Select(i => new Processor(i == 0 ? "CPU" : "CPU lane " + i, 0))];
        processors.Add(new Processor(accelerator.Name, 1));
        GraphCost cost = new(graph, cpu);
        double[] onCpu = units.Sums(cost.ByGroup(threads: 1));
        Dictionary<string, int> weights = new(StringComparer.Ordinal);
        List<double> weightBytes = [];
        PlacementUnit[] placed = [.. units.Groups.Select((groups, unit) => Unit(units, graph, cost, groups, onCpu[unit], lanes, accelerator, weights, weightBytes))];
        return new PlacementProblem(processors, placed, Values(units, graph), [.. weightBytes], Transfers(cpu, accelerator));
    }

    private static PlacementUnit Unit(
        PlanUnits units, SizedGraph graph, GraphCost cost, int[] groups, double onCpu, int lanes, AcceleratorProfile accelerator,
        Dictionary<string, int> weights, List<double> weightBytes)
    {
        GroupWork[] works = Array.ConvertAll(groups, cost.Work);
        bool canRun = groups.All(g => CudaOperators.CanRun(graph.Graph, graph.Graph.Groups[g]));
        double onAccelerator = canRun ? works.Sum(w => AcceleratorCost.Time(accelerator, w)) : double.PositiveInfinity;
        SortedSet<int> read = [];
        // Of the unit alone, whoever else reads the same weights.
        double arranged = groups.SelectMany(g => units.Graph.Groups[g].Nodes).Sum(n => CudnnWeights.Bytes(graph, graph.Graph.Nodes[n]));
        if (arranged > 0)
        {
            read.Add(weightBytes.Count);
            weightBytes.Add(arranged);
        }
        foreach (string input in groups.SelectMany(g => units.Graph.Groups[g].Nodes).SelectMany(n => graph.Graph.Nodes[n].Inputs))
        {
            if (input.Length == 0 || !graph.IsConstant(input))
                continue;
            if (!weights.TryGetValue(input, out int weight))
            {
                weights.Add(input, weight = weightBytes.Count);
                weightBytes.Add(graph.Bytes(input));
            }
            read.Add(weight);
        }
        return new PlacementUnit([.. Enumerable.Repeat(onCpu, lanes), onAccelerator], [.. read], works.Max(AcceleratorCost.Workspace));
    }

    private static List<PlacementValue> Values(PlanUnits units, SizedGraph graph)
    {
        Dictionary<string, SortedSet<int>> readers = new(StringComparer.Ordinal);
        List<string> order = [];
        for (int node = 0; node < units.UnitOf.Length; node++)
        {
            if (units.UnitOf[node] < 0)
                continue;
            foreach (string read in graph.Graph.Index.Reads(node))
            {
                if (!graph.IsConstant(read) && Producer(read) != units.UnitOf[node])
                    Readers(read).Add(units.UnitOf[node]);
            }
        }
        HashSet<string> outputs = new(graph.Graph.Outputs, StringComparer.Ordinal);
        foreach (string output in graph.Graph.Outputs)
        {
            if (Producer(output) >= 0)
                Readers(output);
        }
        return [.. order.Select(v => new PlacementValue(Producer(v), [.. readers[v]], graph.Bytes(v), outputs.Contains(v)))];

        int Producer(string value) => graph.Graph.Index.Producer(value) is >= 0 and var node ? units.UnitOf[node] : -1;

        SortedSet<int> Readers(string value)
        {
            if (!readers.TryGetValue(value, out SortedSet<int>? found))
            {
                readers.Add(value, found = []);
                order.Add(value);
            }
            return found;
        }
    }

    // A copy begins a segment on the other side, which costs what a call of it does.
    private static TransferCost Transfers(CostModel cpu, AcceleratorProfile accelerator) => new(
        cpu.Table.HandOff + cpu.Table.Call(1), accelerator.ToDeviceLatency + accelerator.Launch, accelerator.ToDeviceBandwidth,
        accelerator.ToHostLatency + cpu.Table.Call(1), accelerator.ToHostBandwidth, Dispatch);
}
