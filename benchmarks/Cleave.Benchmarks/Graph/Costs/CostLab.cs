using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Cost;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Planning;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>Calibrates once, in a process of its own, and measures plans: what the families of the cost model share.</summary>
internal sealed class CostLab
{
    public const string PlanWorkload = "cost-plan";
    public const string CalibrationWorkload = "cost-calibrate";

    // Below this, a call is overhead more than anything.
    private const double Least = 50_000;

    private readonly Dictionary<CostPlan, double> _times = [];
    private CostModel? _device;

    public static CostLab Shared { get; } = new();

    /// <summary>All models at hand without control flow, at each sample, with constant weights left out where random ones are there.</summary>
    public static IReadOnlyList<CostPlan> Models(BenchOptions options) =>
    [
        .. ModelCatalog.All.Where(m => !m.HasControlFlow && !m.HasConstantWeights && options.Has(m.Name))
            .SelectMany(m => m.Samples.Select(s => new CostPlan(m.Name, s.Text, 1, 0)))
            .Where((_, i) => !options.Quick || i % 12 == 0),
    ];

    /// <summary>The device: as the table that was given says, or calibrated when it is first asked for.</summary>
    public CostModel Device(BenchOptions options)
    {
        if (_device != null)
            return _device;
        return _device = new CostModel(PlanRun.Device(options.Device ?? Calibrate()));
    }

    /// <summary>Nanoseconds of a call by plan, measured in a process of its own.</summary>
    public IReadOnlyDictionary<CostPlan, double> Measure(IReadOnlyList<CostPlan> plans, BenchOptions options)
    {
        CostPlan[] missing = [.. plans.Where(p => !_times.ContainsKey(p))];
        if (missing.Length > 0)
        {
            string folder = Report.BenchFolder();
            string names = Path.Combine(folder, "plans.txt"), times = Path.Combine(folder, "times.txt");
            File.WriteAllLines(names, missing.Select(p => string.Join('\t', p.Arguments)));
            int seconds = options.Quick ? 5 : 100;
            using (WorkerProcess worker = new(Interleaved.Host, PlanWorkload, names, times, seconds.ToString(CultureInfo.InvariantCulture)))
            {
            }
            foreach ((CostPlan plan, string time) in missing.Zip(File.ReadLines(times)))
                _times.Add(plan, double.Parse(time, CultureInfo.InvariantCulture));
        }
        return plans.ToDictionary(p => p, p => _times[p]);
    }

    /// <summary>Plans that take long enough to say something.</summary>
    public static bool IsJudged(double nanoseconds) => nanoseconds >= Least;

    private static string Calibrate()
    {
        string path = Path.Combine(Report.BenchFolder(), "device.txt");
        using (WorkerProcess worker = new(Interleaved.Host, CalibrationWorkload, path))
        {
        }
        return path;
    }
}
