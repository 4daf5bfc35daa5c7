using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Cost;

namespace Cleave.Tool.Calibration;

/// <summary>
/// Measures a device table on this machine. All sessions of the grid are made first, and then measured in turn, pass after pass: a
/// shared machine is slow for seconds at a time, and no point must be measured in such seconds only.
/// </summary>
internal sealed class Calibrator : IDisposable
{
    private const int FewestPasses = 3;

    private static readonly TimeSpan Time = TimeSpan.FromSeconds(90);
    private static readonly long[] Small = [16];
    private static readonly int[] Crowds = [64, 512, 4096];

    private readonly string _name;
    private readonly IReadOnlyList<GridPoint> _grid;
    private readonly int[] _threads;
    private readonly List<ChainTimer> _all = [];
    private readonly ChainValues _values = new();
    private readonly ChainTimer _chained;
    private readonly ChainTimer _outputs;
    private readonly CrowdTimer _crowd;
    private readonly PointTimer[] _points;
    private readonly List<double> _handOffs = [];

    private Calibrator(string name, IReadOnlyList<GridPoint> grid, int[] threads, CancellationToken cancellation)
    {
        _name = name;
        _grid = grid;
        _threads = threads;
        _chained = Timer(KernelModels.Find("relu")!, Small, 1);
        _outputs = Timer(KernelModels.ReluBeside, Small, 1);
        _crowd = new CrowdTimer(Crowds, (model, sizes, threads) => Timer(model, sizes, threads));
        _points = new PointTimer[grid.Count];
        for (int i = 0; i < grid.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _points[i] = new PointTimer(grid[i], threads, Timer);
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
        using Calibrator calibrator = new(name, grid, threads, cancellation);
        calibrator.MeasureAll(progress, cancellation);
        return calibrator.Table();
    }

    public void Dispose()
    {
        foreach (ChainTimer timer in _all)
            timer.Dispose();
        _values.Dispose();
    }

    private ChainTimer Timer(KernelModel model, long[] sizes, int threads, bool isApart = false)
    {
        ChainTimer timer = new(model, sizes, threads, _values, isApart);
        _all.Add(timer);
        return timer;
    }

    private void MeasureAll(Action<double> progress, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; pass < FewestPasses || Stopwatch.GetElapsedTime(start) < Time; pass++)
        {
            foreach (ChainTimer timer in _all)
            {
                cancellation.ThrowIfCancellationRequested();
                timer.Measure();
            }
            _handOffs.Add(HandOffTimer.Measure());
            progress(Math.Min(1, Stopwatch.GetElapsedTime(start) / Time));
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
