using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Cost;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Measures a device table on this machine. The sessions of all points at once would not fit a small machine, so the points are dealt out
/// to groups. A group's sessions are made, measured in turn, pass after pass, and given up; each group has its turn more than once, for a
/// shared machine is slow for seconds at a time, and no point must be measured in such seconds only.
/// </summary>
internal sealed class Calibrator
{
    private const int Groups = 5;
    private const int Visits = 2;
    private const int FewestPasses = 2;

    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(70.0 / (Groups * Visits));
    private static readonly long[] Small = [16];
    private static readonly int[] Crowds = [64, 512, 4096];

    private readonly string _name;
    private readonly int[] _threads;
    private readonly List<ChainTimer>[] _groups = [.. Enumerable.Range(0, Groups).Select(_ => new List<ChainTimer>())];
    private readonly ChainTimer _chained;
    private readonly ChainTimer _outputs;
    private readonly CrowdTimer _crowd;
    private readonly List<PointTimer> _points = [];
    private readonly List<double> _handOffs = [];
    private int _dealt;

    private Calibrator(string name, IReadOnlyList<GridPoint> grid, int[] threads)
    {
        _name = name;
        _threads = threads;
        // What is subtracted from one another is measured in one group.
        _chained = Timer(KernelModels.Find("relu")!, Small, 1);
        _outputs = Timer(KernelModels.ReluBeside, Small, 1);
        _crowd = new CrowdTimer(Crowds, (model, sizes, threads) => Timer(model, sizes, threads));
        // Each group gets small and large points of each kernel: they take about the same time and memory.
        foreach (GridPoint point in grid.Where(static p => BlockedLayout.Holds(p, BlockedLayout.Channels())).OrderBy(p => p.Kernel, StringComparer.Ordinal).ThenBy(p => p.Sizes.Aggregate(1.0, (product, size) => product * size)))
        {
            _dealt++;
            _points.Add(new PointTimer(point, threads, Timer));
        }
    }

    /// <param name="name">The table's name.</param>
    /// <param name="grid">What to measure.</param>
    /// <param name="threads">Thread counts, rising, the first of them 1.</param>
    /// <param name="progress">Told again and again how much of the time is over.</param>
    /// <param name="cancellation">Stops between two measurements.</param>
    public static DeviceTable Measure(
        string name, IReadOnlyList<GridPoint> grid, int[] threads, Action<double> progress, CancellationToken cancellation)
    {
        Calibrator calibrator = new(name, grid, threads);
        const int Turns = Groups * Visits;
        for (int turn = 0; turn < Turns; turn++)
            calibrator.MeasureGroup(calibrator._groups[turn % Groups], part => progress((turn + part) / Turns), cancellation);
        return calibrator.Table();
    }

    private ChainTimer Timer(KernelModel model, long[] sizes, int threads, bool isApart = false)
    {
        ChainTimer timer = new(model, sizes, threads, isApart);
        _groups[_dealt % Groups].Add(timer);
        return timer;
    }

    private void MeasureGroup(List<ChainTimer> group, Action<double> progress, CancellationToken cancellation)
    {
        using ChainValues values = new();
        try
        {
            foreach (ChainTimer timer in group)
            {
                cancellation.ThrowIfCancellationRequested();
                timer.Open(values);
            }
            long start = Stopwatch.GetTimestamp();
            for (int pass = 0; pass < FewestPasses || Stopwatch.GetElapsedTime(start) < Turn; pass++)
            {
                foreach (ChainTimer timer in group)
                {
                    cancellation.ThrowIfCancellationRequested();
                    timer.Measure();
                }
                _handOffs.Add(HandOffTimer.Measure());
                progress(Math.Min(1, Stopwatch.GetElapsedTime(start) / Turn));
            }
        }
        finally
        {
            foreach (ChainTimer timer in group)
                timer.Dispose();
        }
    }

    private DeviceTable Table()
    {
        // An output that the caller reads costs something, which is no part of the kernel.
        double output = Math.Max(0, _outputs.Times.One - _chained.Times.One), call = Math.Max(1, _chained.Times.Rest);
        double node = _points.Where(p => p.Kernel == "node").Select(p => p.Least(output)).Max();
        double[] calls = [call, .. _threads.Skip(1).Select((_, i) => call + PointTimer.Waking(_points, i))];
        return new DeviceTable
        {
            Name = _name,
            Block = BlockedLayout.Channels(),
            Calls = calls,
            HandOff = _handOffs.Order().ElementAt(_handOffs.Count / 4),
            Threads = _threads,
            Points = [.. _crowd.Points(call, _threads.Length), .. _points.Select(p => p.Point(calls, node, output))],
        };
    }
}
