using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Cost;

/// <summary>Predicts what work takes on a device. Made from its table once; predictions are pure.</summary>
internal sealed class CostModel
{
    // A time this near the overhead of a node says little about the kernel.
    private const double LeastShare = 0.1;

    private const string WeightsKernel = "weights";
    private const string CrowdKernel = "crowd";
    private const double BytesOfFloat = 4;

    private readonly DeviceTable _table;
    private readonly double _node;
    private readonly Func<double, double> _crowd;
    private readonly double _mostRows;
    private readonly double _fewestWeights;
    private readonly double _mostWeights;
    private readonly Dictionary<string, Func<double[], double>> _times = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<double[], double>[]> _scaling = new(StringComparer.Ordinal);

    public CostModel(DeviceTable table)
    {
        _table = table;
        ILookup<string, DevicePoint> points = table.ByKernel();
        _node = points["node"].Select(p => p.Nanoseconds[0]).DefaultIfEmpty(0).Min();
        _mostRows = points[WeightsKernel].Select(p => p.Sizes[0]).DefaultIfEmpty(1).Max();
        _fewestWeights = points[WeightsKernel].Select(p => p.Sizes[1]).DefaultIfEmpty(0).Min();
        _mostWeights = points[WeightsKernel].Select(p => p.Sizes[1]).DefaultIfEmpty(0).Max();
        _crowd = Crowd([.. points[CrowdKernel]]);
        foreach (IGrouping<string, DevicePoint> group in points)
        {
            Kernel kernel = Kernel.Find(group.Key)!;
            DevicePoint[] all = [.. group];
            _times.Add(group.Key, Times(kernel, all));
            _scaling.Add(group.Key, [.. table.Threads.Select((_, i) => Scaling(kernel, all, i))]);
        }
    }

    public DeviceTable Table => _table;

    /// <summary>Whether the table has points of the work's kernel.</summary>
    public bool Knows(Work work) => _times.ContainsKey(work.Kernel);

    /// <summary>Nanoseconds with a number of threads, in the company of what else a call does; the overhead of one node is in it.</summary>
    /// <param name="work">What is to be done.</param>
    /// <param name="threads">How many threads do it.</param>
    /// <param name="company">What a call does in all, this work with it; null: this work alone.</param>
    public double Predict(Work work, int threads, Company? company = null) => Time(work, company).At(threads);

    /// <summary>The same for any number of threads.</summary>
    /// <param name="work">What is to be done.</param>
    /// <param name="company">What a call does in all, this work with it; null: this work alone.</param>
    public WorkTime Time(Work work, Company? company = null)
    {
        if (!_times.TryGetValue(work.Kernel, out Func<double[], double>? time))
            throw new InvalidOperationException("the device table has no points of " + work.Kernel);
        double once = Math.Max(0, time(work.Sizes) - _node);
        Func<double[], double>[] scaling = _scaling[work.Kernel];
        double[] shares = new double[scaling.Length];
        for (int i = 0; i < shares.Length; i++)
            shares[i] = i == 0 ? 1 : scaling[i](work.Sizes);
        double others = company is null ? 0 : _crowd(company.Nodes) + Distance(work, company.Weights);
        return new WorkTime(_node + others, once * work.Times, _table.Threads, shares);
    }

    // Calibration has a kernel's weights as near as their size allows; in a model, others push them out of the caches.
    private double Distance(Work work, double weights)
    {
        if (work.Weights <= 0 || weights <= work.Weights || !_times.TryGetValue(WeightsKernel, out Func<double[], double>? time))
            return 0;
        double rows = Math.Min(Math.Max(1, work.Amount / work.Weights * BytesOfFloat), _mostRows);
        return Math.Max(0, PerByte(weights) - PerByte(work.Weights)) * work.Weights;

        double PerByte(double bytes)
        {
            double[] sizes = [rows, Math.Min(Math.Max(bytes, _fewestWeights), _mostWeights)];
            return time(sizes) / sizes[1];
        }
    }

    // Few nodes find all their code and tables in the caches. Beyond the largest number that was measured, no more is known.
    private static Func<double, double> Crowd(DevicePoint[] points)
    {
        if (points.Length == 0)
            return static _ => 0;
        Curve curve = new(Array.ConvertAll(points, p => p.Sizes[0]), Array.ConvertAll(points, p => p.Nanoseconds[0]));
        double least = points.Min(p => p.Sizes[0]), most = points.Max(p => p.Sizes[0]);
        return nodes => curve.At(Math.Min(nodes, most)) * Math.Min(1, nodes / least);
    }

    private Func<double[], double> Times(Kernel kernel, DevicePoint[] points)
    {
        if (kernel.Sizes.Length == 1)
        {
            Curve curve = new(Array.ConvertAll(points, p => p.Sizes[0]), Array.ConvertAll(points, p => p.Nanoseconds[0]));
            return sizes => curve.At(sizes[0]);
        }
        Surface rates = new(Array.ConvertAll(points, p => p.Sizes), Array.ConvertAll(points, p => Math.Log(Net(p.Nanoseconds[0]) / kernel.Amount(p.Sizes))));
        return sizes => _node + (Math.Exp(rates.At(sizes)) * kernel.Amount(sizes));
    }

    private Func<double[], double> Scaling(Kernel kernel, DevicePoint[] points, int thread)
    {
        DevicePoint[] measured = Array.FindAll(points, p => p.Nanoseconds[thread] > 0);
        if (measured.Length == 0 || thread == 0)
            return static _ => 1;
        double[] shares = Array.ConvertAll(measured, p => Math.Min(2, Net(p.Nanoseconds[thread]) / Net(p.Nanoseconds[0])));
        if (kernel.Sizes.Length == 1)
        {
            Curve curve = new(Array.ConvertAll(measured, p => p.Sizes[0]), shares);
            double largest = measured.Max(p => p.Sizes[0]);
            return sizes => curve.At(Math.Min(sizes[0], largest));
        }
        Surface surface = new(Array.ConvertAll(measured, p => p.Sizes), Array.ConvertAll(shares, Math.Log));
        double least = 1.0 / _table.Threads[thread];
        return sizes => Math.Min(2, Math.Max(least * 0.9, Math.Exp(surface.At(sizes))));
    }

    private double Net(double nanoseconds) => Math.Max(nanoseconds - _node, nanoseconds * LeastShare);
}
