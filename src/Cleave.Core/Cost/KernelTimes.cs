using System;

namespace Cleave.Core.Cost;

/// <summary>What a kernel takes on a device, by its sizes: between the points that its table has of it.</summary>
internal sealed class KernelTimes
{
    // A time this near the overhead of a node says little about the kernel.
    private const double LeastShare = 0.1;

    private readonly double _node;
    private readonly Func<double[], double> _once;
    private readonly Func<double[], double>[] _shares;

    /// <param name="kernel">Which kernel.</param>
    /// <param name="points">Its points.</param>
    /// <param name="threads">The thread counts that were measured.</param>
    /// <param name="node">Nanoseconds of any node, which are in the points.</param>
    public KernelTimes(Kernel kernel, DevicePoint[] points, int[] threads, double node)
    {
        _node = node;
        _once = Once(kernel, points);
        _shares = new Func<double[], double>[threads.Length];
        for (int i = 0; i < threads.Length; i++)
            _shares[i] = Share(kernel, points, i, threads[i]);
    }

    /// <summary>Nanoseconds of one thread, the overhead of one node in it.</summary>
    public double Once(double[] sizes) => _once(sizes);

    /// <summary>By measured thread count: the part of one thread's time that is left.</summary>
    public double[] Shares(double[] sizes) => Array.ConvertAll(_shares, share => share(sizes));

    private Func<double[], double> Once(Kernel kernel, DevicePoint[] points)
    {
        if (kernel.Sizes.Length == 1)
        {
            Curve curve = new(Array.ConvertAll(points, p => p.Sizes[0]), Array.ConvertAll(points, p => p.Nanoseconds[0]));
            return sizes => curve.At(sizes[0]);
        }
        Surface rates = new(Array.ConvertAll(points, p => p.Sizes), Array.ConvertAll(points, p => Math.Log(Net(p.Nanoseconds[0]) / kernel.Amount(p.Sizes))));
        return sizes => _node + (Math.Exp(rates.At(sizes)) * kernel.Amount(sizes));
    }

    private Func<double[], double> Share(Kernel kernel, DevicePoint[] points, int thread, int threads)
    {
        DevicePoint[] measured = Array.FindAll(points, p => p.Nanoseconds[thread] > 0);
        if (measured.Length == 0 || thread == 0)
            return static _ => 1;
        double[] shares = Array.ConvertAll(measured, p => Math.Min(2, Net(p.Nanoseconds[thread]) / Net(p.Nanoseconds[0])));
        // What is larger than anything that was measured is shared as the largest: the mean of all points, which a surface tends to, is that of smaller ones.
        double[] largest = Largest(measured);
        if (kernel.Sizes.Length == 1)
        {
            Curve curve = new(Array.ConvertAll(measured, p => p.Sizes[0]), shares);
            return sizes => curve.At(Math.Min(sizes[0], largest[0]));
        }
        Surface surface = new(Array.ConvertAll(measured, p => p.Sizes), Array.ConvertAll(shares, Math.Log));
        double least = 1.0 / threads;
        return sizes => Math.Min(2, Math.Max(least * 0.9, Math.Exp(surface.At(Within(sizes, largest)))));
    }

    // By size: the largest of the points.
    private static double[] Largest(DevicePoint[] points)
    {
        double[] largest = [.. points[0].Sizes];
        foreach (DevicePoint point in points)
        {
            for (int i = 0; i < largest.Length; i++)
                largest[i] = Math.Max(largest[i], point.Sizes[i]);
        }
        return largest;
    }

    private static double[] Within(double[] sizes, double[] largest)
    {
        double[] within = [.. sizes];
        for (int i = 0; i < within.Length; i++)
            within[i] = Math.Min(within[i], largest[i]);
        return within;
    }

    private double Net(double nanoseconds) => Math.Max(nanoseconds - _node, nanoseconds * LeastShare);
}
