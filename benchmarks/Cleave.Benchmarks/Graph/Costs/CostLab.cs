using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Cost;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>Calibrates once, in a process of its own, and measures plans: what the families of the cost model share.</summary>
internal sealed class CostLab
{
    public const string PlanWorkload = "cost-plan";
    public const string CalibrationWorkload = "cost-calibrate";

    private const int Passes = 3;

    // Below this, a call is overhead more than anything.
    private const double Least = 50_000;

    private readonly Dictionary<CostPlan, double> _times = [];
    private CostModel? _device;

    public static CostLab Shared { get; } = new();

    /// <summary>All models at hand without control flow, at each sample, with constant weights left out where random ones are there.</summary>
    public static IReadOnlyList<CostPlan> Models(BenchOptions options) =>
    [
        .. ModelCatalog.All.Where(m => !m.HasControlFlow && !m.HasConstantWeights)
            .SelectMany(m => m.Samples.Select(s => new CostPlan(m.Name, s.Text, 1, 0)))
            .Where((_, i) => !options.Quick || i % 12 == 0),
    ];

    /// <summary>The device, calibrated when it is first asked for.</summary>
    public CostModel Device()
    {
        if (_device != null)
            return _device;
        string path = Path.Combine(SharedModels.Repository, "artifacts", "bench", "device.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using (WorkerProcess worker = new(Interleaved.Host, CalibrationWorkload, path))
        {
        }
        using StreamReader text = new(path);
        return _device = new CostModel(DeviceTableText.Read(text));
    }

    /// <summary>Nanoseconds of a call by plan: the least of several passes over all plans, each in a process of its own.</summary>
    public IReadOnlyDictionary<CostPlan, double> Measure(IReadOnlyList<CostPlan> plans, BenchOptions options)
    {
        CostPlan[] missing = [.. plans.Where(p => !_times.ContainsKey(p))];
        for (int pass = 0; pass < (options.Quick ? 1 : Passes); pass++)
        {
            foreach (CostPlan plan in missing)
            {
                double time = MeasureOnce(plan);
                _times[plan] = _times.TryGetValue(plan, out double before) ? Math.Min(before, time) : time;
            }
        }
        return plans.ToDictionary(p => p, p => _times[p]);
    }

    /// <summary>Plans that take long enough to say something.</summary>
    public static bool IsJudged(double nanoseconds) => nanoseconds >= Least;

    private static double MeasureOnce(CostPlan plan)
    {
        using WorkerProcess worker = new(Interleaved.Host, PlanWorkload, plan.Arguments);
        // The harness's warm-up is for candidates that are compared; slow models would run for minutes.
        double call = worker.Block(3).Nanoseconds.Min();
        int calls = (int)Math.Clamp(40e6 / Math.Max(1, call), 4, 2000);
        double best = double.PositiveInfinity;
        for (int i = 0; i < 5; i++)
        {
            double[] times = [.. worker.Block(calls).Nanoseconds.Order()];
            best = Math.Min(best, times[times.Length / 4]);
        }
        return best;
    }
}
