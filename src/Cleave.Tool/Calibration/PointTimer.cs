using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Cost;

namespace Cleave.Tool.Calibration;

/// <summary>Times a point of the grid, with each thread count that it is measured with.</summary>
internal sealed class PointTimer
{
    private const double LongestOfWaking = 200_000;
    private const double SharedOfWaking = 0.8;

    private readonly GridPoint _point;
    private readonly KernelModel _model;
    private readonly ChainTimer _once;

    // By thread count but the first: what is compared with one thread's time. The point itself may hold what waking threads costs.
    private readonly (ChainTimer One, ChainTimer All)?[] _more;

    /// <param name="point">What to time.</param>
    /// <param name="threads">Thread counts, the first of them 1.</param>
    /// <param name="timer">Makes a timer, and has it measured.</param>
    public PointTimer(GridPoint point, int[] threads, Func<KernelModel, long[], int, bool, ChainTimer> timer)
    {
        _point = point;
        _model = KernelModels.Find(point.Kernel) ?? throw new InvalidOperationException("the grid has an unknown kernel: " + point.Kernel);
        _once = timer(_model, point.Sizes, 1, false);
        // A call of one copy is too short to tell the copy from waking threads.
        bool isApart = _once.Copies == 1;
        ChainTimer one = point.Scales && isApart && threads.Length > 1 ? timer(_model, point.Sizes, 1, true) : _once;
        _more = [.. threads.Skip(1).Select(t => point.Scales ? (one, timer(_model, point.Sizes, t, isApart)) : ((ChainTimer, ChainTimer)?)null)];
    }

    public string Kernel => _point.Kernel;

    /// <summary>Nanoseconds of one copy in a chain with one thread, less what an output costs.</summary>
    public double Least(double output) => Math.Max(1, _once.Times.One - output);

    /// <summary>The point of the table.</summary>
    /// <param name="calls">Nanoseconds of a call, by thread count.</param>
    /// <param name="node">Of a node.</param>
    /// <param name="output">Of an output that the caller reads.</param>
    public DevicePoint Point(double[] calls, double node, double output)
    {
        double once = Once(_once, calls[0], node, output);
        return new DevicePoint(Kernel, Array.ConvertAll(_point.Sizes, s => (double)s), [once, .. _more.Select((m, i) => m is { } timers ? More(timers, calls[i + 1]) : 0)]);

        double More((ChainTimer One, ChainTimer All) timers, double call) => timers.One == _once
            ? Once(timers.All, call, node, output)
            : once * Copy(timers.All, node, output) / Copy(timers.One, node, output);
    }

    /// <summary>Nanoseconds that a call takes more because its threads sleep and are woken: the median over points that several threads do faster, and that are short enough to tell.</summary>
    /// <param name="points">All points.</param>
    /// <param name="entry">Of the thread counts but the first.</param>
    public static double Waking(IReadOnlyList<PointTimer> points, int entry)
    {
        double[] found = [.. points.Select(p => p.Waking(entry)).OfType<double>().Order()];
        return found.Length == 0 ? 0 : Math.Max(0, found[found.Length / 2]);
    }

    private double? Waking(int entry) =>
        _more[entry] is { } timers && timers.One == _once && _once.Copies is null && timers.One.Times.One < LongestOfWaking && timers.All.Times.One < timers.One.Times.One * SharedOfWaking
            ? timers.All.Times.Rest - timers.One.Times.Rest
            : null;

    private double Once(ChainTimer timer, double call, double node, double output) => timer.Copies is { } copies
        ? Math.Max(1, timer.Times.Many - call - (_model.NodesApart ? copies * node : 0))
        : Copy(timer, node, output);

    private double Copy(ChainTimer timer, double node, double output)
    {
        double time = Math.Max(1, timer.Times.One - (_model.SideBySide ? output : 0));
        return _model.Repeats == 1 ? time : Math.Max(1, node + ((time - node) / _model.Repeats));
    }
}
