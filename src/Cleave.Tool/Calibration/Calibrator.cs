using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Cost;

namespace Cleave.Tool.Calibration;

/// <summary>Measures a device table on this machine.</summary>
internal static class Calibrator
{
    private static readonly long[] Small = [16];

    /// <param name="name">The table's name.</param>
    /// <param name="grid">What to measure.</param>
    /// <param name="threads">Thread counts, rising, the first of them 1.</param>
    /// <param name="progress">Told after each point: how many are done, and of how many.</param>
    /// <param name="cancellation">Stops between two points.</param>
    public static DeviceTable Measure(
        string name, IReadOnlyList<GridPoint> grid, int[] threads, Action<int, int> progress, CancellationToken cancellation)
    {
        KernelModel relu = KernelModels.Find("relu")!;
        ChainTimer[] timers = [.. threads.Select(t => new ChainTimer(t))];
        // An output that the caller reads costs something, which is no part of the kernel.
        double chained = timers[0].Measure(relu, Small);
        double output = Math.Max(0, timers[0].Measure(KernelModels.ReluBeside, Small) - chained);
        double node = 0;
        List<DevicePoint> points = [];
        for (int i = 0; i < grid.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            GridPoint point = grid[i];
            KernelModel model = KernelModels.Find(point.Kernel) ?? throw new InvalidOperationException("the grid has an unknown kernel: " + point.Kernel);
            double[] times = new double[threads.Length];
            for (int t = 0; t < (point.Scales ? threads.Length : 1); t++)
            {
                double time = model.Copies is { } copies
                    ? timers[t].MeasureCall(model, point.Sizes, copies(point.Sizes))
                    : Math.Max(1, timers[t].Measure(model, point.Sizes) - (model.SideBySide ? output : 0));
                if (i == 0 && t == 0)
                    node = time;
                times[t] = model.Repeats == 1 ? time : Math.Max(1, node + ((time - node) / model.Repeats));
            }
            points.Add(new DevicePoint(point.Kernel, Array.ConvertAll(point.Sizes, s => (double)s), times));
            progress(i + 1, grid.Count);
        }
        double one = timers[0].MeasureCall(relu, Small, 1);
        return new DeviceTable
        {
            Name = name,
            Block = BlockedLayout.Channels(),
            Call = Math.Max(1, one - chained),
            HandOff = HandOffTimer.Measure(),
            Threads = threads,
            Points = points,
        };
    }
}
