using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Placement;
using Cleave.TestKit.Placement;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Placement;

/// <summary>How far plans of small random graphs are above the least makespan there is (branch and bound), and how long a large graph takes.</summary>
internal sealed class PlannerQuality : IFamily
{
    private const int Graphs = 2000;
    private const int MostUnits = 14;
    private const double MostSeconds = 1;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        double[] gaps = [.. ParallelEnumerable.Range(0, options.Quick ? 100 : Graphs).AsOrdered().Select(Gap)];
        string what = $"planner against the exact optimum, {gaps.Length} random graphs of up to {MostUnits} operators, ";
        yield return Line.Of(what + "mean", "<= 3 % above", Percent(gaps.Average()), gaps.Average() <= 0.03, gaps);
        yield return Line.Of(what + "worst", "<= 15 % above", Percent(gaps.Max()), gaps.Max() <= 0.15, gaps);
        foreach (int lanes in new[] { 1, 2 })
        {
            double[] seconds = [.. Enumerable.Range(0, options.Rounds(7)).Select(round => Seconds(7 + round, lanes))];
            yield return Line.Of(
                string.Create(CultureInfo.InvariantCulture, $"both objectives for a graph of 1,000 nodes, {lanes} lane{(lanes > 1 ? "s" : "")} of the CPU, longest"), "<= 1 s",
                string.Create(CultureInfo.InvariantCulture, $"{seconds.Max():0.00} s"), seconds.Max() <= MostSeconds, seconds);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static double Gap(int number)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)number, 2 + (number % (MostUnits - 1)));
        double found = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency)).Chosen.Makespan;
        return (found / ExactPlacement.Makespan(problem, found)) - 1;
    }

    private static double Seconds(int seed, int lanes)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 1000, lanes);
        long start = Stopwatch.GetTimestamp();
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Memory, plan.Chosen.Makespan * 1.5));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0.00} %");
}
