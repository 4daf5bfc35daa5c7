using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Placement;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Placement;

/// <summary>
/// What placement makes of the recurrent models of the list, on the two committed profiles, against the accelerator alone with the recurrent nodes as exported
/// (fused, which by these profiles is faster than unrolled). Simulated: nothing runs on a device.
/// </summary>
internal sealed class SimulatedPlacements : IFamily
{
    private const double LeastLatencyGain = 0.194;
    private const double LeastMemoryGain = 0.675;
    private const double Slack = 1.5;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        List<Result> results = [.. from profile in RecurrentModels.Profiles() from model in RecurrentModels.List() where options.Has(model.Name) select Simulate(model, profile)];
        foreach (Result result in results)
        {
            yield return Line.Shown(
                $"simulated: {result.Model} on {result.Profile}",
                string.Create(CultureInfo.InvariantCulture,
                    $"{result.DeviceOnly / 1e3:0} us there alone, {result.HostOnly / 1e3:0} us on two CPU lanes, {result.Latency / 1e3:0} us as placed ({Percent(result.LatencyGain)} less, {result.LatencyChunks} chunks, {result.LatencyPlan}); "
                    + $"memory {result.DeviceBytes / 1e6:0.0} MB alone, {result.Bytes / 1e6:0.0} MB ({Percent(result.MemoryGain)} less, {result.MemoryPlan}) in {result.MemoryTime / 1e3:0} us"),
                result);
        }
        double least = results.Min(r => r.LatencyGain);
        yield return Line.Of("simulated: latency against the accelerator alone, least reduction", ">= 0 %", Percent(least), least >= 0, results);
        yield return Most("latency against the accelerator alone, largest reduction", results, r => r.LatencyGain, LeastLatencyGain);
        Result[] split = [.. results.Where(r => r.LatencyPlan == Result.Split)];
        if (split.Length > 0)
            yield return Most("the same, of plans that use both CPU and accelerator and are faster than either", split, r => 1 - (r.Latency / Math.Min(r.DeviceOnly, r.HostOnly)), LeastLatencyGain, isShown: true);
        int met = results.Count(r => r.MemoryTime <= Slack * r.DeviceOnly * (1 + 1e-9));
        yield return Line.Of("simulated: memory objective, deadline of 1.5x the accelerator alone", "met on all", $"met on {met} of {results.Count}", met == results.Count, results);
        yield return Most("memory against the accelerator alone, largest reduction", results, r => r.MemoryGain, LeastMemoryGain);
        Result[] partly = [.. results.Where(r => r.MemoryPlan == Result.Split)];
        if (partly.Length > 0)
            yield return Most("the same, of plans that still use the accelerator", partly, r => r.MemoryGain, LeastMemoryGain, isShown: true);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Most(string what, IReadOnlyList<Result> results, Func<Result, double> gain, double target, bool isShown = false)
    {
        Result best = results.MaxBy(gain)!;
        string text = $"{Percent(gain(best))} ({best.Model} on {best.Profile})";
        return isShown ? Line.Shown("simulated: " + what, text, results)
            : Line.Of("simulated: " + what, string.Create(CultureInfo.InvariantCulture, $">= {target * 100:0.0} %"), text, gain(best) >= target, results);
    }

    private static Result Simulate(RecurrentModels model, AcceleratorProfile profile)
    {
        (int Chunks, PlacementProblem Problem)[] problems = [.. model.Graphs().Select(g => (g.Chunks, RecurrentModels.Problem(g.Graph, profile)))];
        PlacementRequest fast = new(PlacementObjective.Latency);
        (int Chunks, PlacementProblem Problem, PlacementPlan Plan)[] fastest = [.. problems.Select(p => (p.Chunks, p.Problem, PlacementPlanner.Plan(p.Problem, fast)))];
        PlacementPlan whole = fastest[0].Plan;
        double deadline = Slack * whole.DeviceOnly.Makespan;
        (int Chunks, PlacementProblem Problem, PlacementPlan Plan)[] least =
            [.. problems.Select(p => (p.Chunks, p.Problem, PlacementPlanner.Plan(p.Problem, new PlacementRequest(PlacementObjective.Memory, deadline)))).Where(p => p.Item3.MeetsDeadline)];
        (int Chunks, PlacementProblem Problem, PlacementPlan Plan) latency = fastest.MinBy(f => f.Plan.Chosen.Makespan), memory = least.MinBy(l => l.Plan.Bytes);
        return new Result(
            model.Name, profile.Name, whole.DeviceOnly.Makespan, fastest.Min(f => f.Plan.HostOnly.Makespan), latency.Plan.Chosen.Makespan, latency.Chunks, Kind(latency.Problem, latency.Plan),
            whole.DeviceBytes, memory.Plan.Bytes, memory.Plan.Chosen.Makespan, Kind(memory.Problem, memory.Plan));
    }

    private static string Kind(PlacementProblem problem, PlacementPlan plan) =>
        plan.Chosen.IsHostOnly(problem) ? "CPU only" : UsesBoth(problem, plan.Chosen) ? Result.Split : "accelerator";

    // What takes no time on the CPU does not make a plan one of both.
    private static bool UsesBoth(PlacementProblem problem, PlacementSchedule schedule) =>
        Enumerable.Range(0, schedule.Place.Length).Where(u => problem.Processors[schedule.Place[u]].IsHost && problem.CanRun(u, problem.Processors.Count - 1))
            .Sum(u => schedule.Finish[u] - schedule.Start[u]) > 0.02 * schedule.Makespan;

    private static string Percent(double part) => string.Create(CultureInfo.InvariantCulture, $"{part * 100:0.0} %");

    internal sealed record Result(
        string Model, string Profile, double DeviceOnly, double HostOnly, double Latency, int LatencyChunks, string LatencyPlan,
        double DeviceBytes, double Bytes, double MemoryTime, string MemoryPlan)
    {
        public const string Split = "both";

        public double LatencyGain => 1 - (Latency / DeviceOnly);

        public double MemoryGain => 1 - (Bytes / DeviceBytes);
    }
}
