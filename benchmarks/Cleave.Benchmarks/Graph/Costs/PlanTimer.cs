using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>
/// Times plans in turn, round after round, in one process: a shared machine is slow for seconds at a time, and no plan must be measured
/// in such seconds only. What counts is the lower tenth of a plan's blocks.
/// </summary>
internal static class PlanTimer
{
    private const int FewestRounds = 10;
    private const int FewestCalls = 2;
    private const double BlockMilliseconds = 12;

    /// <summary>Nanoseconds of a call by plan.</summary>
    public static double[] Measure(IReadOnlyList<CostPlan> plans, TimeSpan time)
    {
        List<BoundChain> chains = [];
        try
        {
            chains.AddRange(plans.Select(p => new BoundChain(p)));
            List<double>[] blocks = [.. plans.Select(_ => new List<double>())];
            long start = Stopwatch.GetTimestamp();
            for (int round = 0; round < FewestRounds || Stopwatch.GetElapsedTime(start) < time; round++)
            {
                for (int i = 0; i < chains.Count; i++)
                    blocks[i].Add(Block(chains[i]));
            }
            return [.. blocks.Select(b => b.Order().ElementAt(b.Count / 10))];
        }
        finally
        {
            foreach (BoundChain chain in chains)
                chain.Dispose();
        }
    }

    /// <summary>A worker's task: plans from a file, a line each; their times into another.</summary>
    public static void Measure(string plans, string times, TimeSpan time)
    {
        CostPlan[] all = [.. File.ReadLines(plans).Select(l => CostPlan.Parse(l.Split('\t')))];
        File.WriteAllLines(times, Measure(all, time).Select(t => t.ToString("R", CultureInfo.InvariantCulture)));
    }

    // The lower quartile of its calls.
    private static double Block(BoundChain chain)
    {
        List<double> calls = [];
        long start = Stopwatch.GetTimestamp();
        while (calls.Count < FewestCalls || Stopwatch.GetElapsedTime(start).TotalMilliseconds < BlockMilliseconds)
        {
            long call = Stopwatch.GetTimestamp();
            chain.Run();
            calls.Add(Stopwatch.GetElapsedTime(call).TotalNanoseconds);
        }
        calls.Sort();
        return calls[calls.Count / 4];
    }
}
