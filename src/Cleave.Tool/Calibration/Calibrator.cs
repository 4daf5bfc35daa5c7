using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Cost;

namespace Cleave.Tool.Calibration;

/// <summary>Measures a device table on this machine: the whole grid several times over, so that no point is measured at one moment only.</summary>
internal static class Calibrator
{
    private const int Passes = 3;

    private static readonly long[] Small = [16];

    /// <param name="name">The table's name.</param>
    /// <param name="grid">What to measure.</param>
    /// <param name="threads">Thread counts, rising, the first of them 1.</param>
    /// <param name="progress">Told after each measurement: how many are done, and of how many.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    public static DeviceTable Measure(
        string name, IReadOnlyList<GridPoint> grid, int[] threads, Action<int, int> progress, CancellationToken cancellation)
    {
        KernelModel relu = KernelModels.Find("relu")!;
        ChainTimer[] timers = [.. threads.Select(t => new ChainTimer(t))];
        ChainTimes chained = new(), outputs = new();
        ChainTimes[][] times = [.. grid.Select(_ => threads.Select(_ => new ChainTimes()).ToArray())];
        for (int pass = 0; pass < Passes; pass++)
        {
            timers[0].Measure(relu, Small, chained);
            timers[0].Measure(KernelModels.ReluBeside, Small, outputs);
            for (int i = 0; i < grid.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                for (int t = 0; t < (grid[i].Scales ? threads.Length : 1); t++)
                    timers[t].Measure(Model(grid[i]), grid[i].Sizes, times[i][t]);
                progress((pass * grid.Count) + i + 1, Passes * grid.Count);
            }
        }
        // An output that the caller reads costs something, which is no part of the kernel.
        double output = Math.Max(0, outputs.One - chained.One);
        double node = grid.Select((p, i) => p.Kernel == "node" ? Time(p, times[i][0], output, 0) : 0).Max();
        return new DeviceTable
        {
            Name = name,
            Block = BlockedLayout.Channels(),
            Call = Math.Max(1, chained.Rest),
            HandOff = HandOffTimer.Measure(),
            Threads = threads,
            Points = [.. grid.Select((p, i) => new DevicePoint(
                p.Kernel, Array.ConvertAll(p.Sizes, s => (double)s), [.. times[i].Select(t => Time(p, t, output, node))]))],
        };
    }

    private static KernelModel Model(GridPoint point) =>
        KernelModels.Find(point.Kernel) ?? throw new InvalidOperationException("the grid has an unknown kernel: " + point.Kernel);

    // 0 where nothing was measured.
    private static double Time(GridPoint point, ChainTimes times, double output, double node)
    {
        if (double.IsInfinity(times.Many))
            return 0;
        KernelModel model = Model(point);
        if (model.Copies != null)
            return times.Many;
        double time = Math.Max(1, times.One - (model.SideBySide ? output : 0));
        return model.Repeats == 1 ? time : Math.Max(1, node + ((time - node) / model.Repeats));
    }
}
