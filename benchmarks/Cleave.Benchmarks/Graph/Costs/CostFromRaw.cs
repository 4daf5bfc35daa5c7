using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Cost;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Calibration;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>Whole models, predicted from the graph as it is in the file, as plans are baked; with one thread and with two.</summary>
internal sealed class CostFromRaw : IFamily
{
    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (int threads in new[] { 1, 2 })
        {
            if (threads > Environment.ProcessorCount)
            {
                yield return Line.NotMeasured("cost from the raw graph, two threads", "median error <= 15%", "one core");
                continue;
            }
            string what = threads == 1 ? "cost from the raw graph, one thread" : "cost from the raw graph, two threads";
            CostModel device = CostLab.Shared.Device(options);
            IReadOnlyList<CostPlan> plans = [.. CostLab.Models(options).Select(p => p with { Threads = threads })];
            List<(double, double)> pairs = [];
            foreach ((CostPlan plan, double measured) in CostLab.Shared.Measure(plans, options))
            {
                if (!CostLab.IsJudged(measured))
                    continue;
                using ModelUnderTest model = new(ModelCatalog.Get(plan.Model).Write(ModelCatalog.Folder));
                double predicted = plan.Predict(model.Graph, device);
                pairs.Add((measured, predicted));
                yield return CostAccuracy.Of(what, plan, measured, predicted);
            }
            yield return threads == 1 ? CostAccuracy.Summary(what, pairs, 0.12, 0.30) : CostAccuracy.Summary(what, pairs, 0.15, null);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        CostLab.PlanWorkload => new Task(() => PlanTimer.Measure(arguments[0], arguments[1], TimeSpan.FromSeconds(int.Parse(arguments[2], CultureInfo.InvariantCulture)))),
        CostLab.CalibrationWorkload => new Task(() => Calibrate(arguments[0])),
        _ => null,
    };

    private static void Calibrate(string path)
    {
        int[] threads = Environment.ProcessorCount > 1 ? [1, 2] : [1];
        DeviceTable table = Calibrator.Measure(BlockedLayout.InstructionSet(), CalibrationGrid.Load(), threads, static _ => { }, default);
        using StreamWriter text = new(path);
        DeviceTableText.Write(table, text);
    }

    // Does its work while it is made, and has nothing more to do then.
    private sealed class Task : IWorkload
    {
        public Task(Action action) => action();

        public void Block(double[] nanoseconds)
        {
        }

        public void Dispose()
        {
        }
    }
}
