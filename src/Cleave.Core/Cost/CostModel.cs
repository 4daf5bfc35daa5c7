using System;
using System.Collections.Generic;

namespace Cleave.Core.Cost;

/// <summary>Predicts what work takes on a device. Predictions are pure; what they need of the table is worked out once, for kernels that are asked for.</summary>
internal sealed class CostModel
{
    private const string WeightsKernel = "weights";
    private const string CrowdKernel = "crowd";
    private const double BytesOfFloat = 4;

    private readonly DeviceTable _table;
    private readonly double _node;
    private readonly Func<double, double> _crowd;
    private readonly double _mostRows = 1;
    private readonly double _fewestWeights;
    private readonly double _mostWeights;
    private readonly Dictionary<string, Lazy<KernelTimes>> _kernels = new(StringComparer.Ordinal);

    public CostModel(DeviceTable table)
    {
        _table = table;
        Dictionary<string, DevicePoint[]> points = table.ByKernel();
        _node = points.TryGetValue("node", out DevicePoint[]? nodes) ? Least(nodes, static p => p.Nanoseconds[0]) : 0;
        _crowd = points.TryGetValue(CrowdKernel, out DevicePoint[]? crowds) ? Crowd(crowds) : static _ => 0;
        if (points.TryGetValue(WeightsKernel, out DevicePoint[]? weights))
        {
            _mostRows = Most(weights, static p => p.Sizes[0]);
            _fewestWeights = Least(weights, static p => p.Sizes[1]);
            _mostWeights = Most(weights, static p => p.Sizes[1]);
        }
        foreach (KeyValuePair<string, DevicePoint[]> group in points)
            _kernels.Add(group.Key, new Lazy<KernelTimes>(() => new KernelTimes(Kernel.Find(group.Key)!, group.Value, table.Threads, _node)));
    }

    public DeviceTable Table => _table;

    /// <summary>Nanoseconds with a number of threads, in the company of what else a call does; the overhead of one node is in it, where the work begins one.</summary>
    /// <param name="work">What is to be done.</param>
    /// <param name="threads">How many threads do it.</param>
    /// <param name="company">What a call does in all, this work with it; null: this work alone.</param>
    public double Predict(Work work, int threads, Company? company = null) => Time(work, company).At(threads);

    /// <summary>The same for any number of threads.</summary>
    /// <param name="work">What is to be done.</param>
    /// <param name="company">What a call does in all, this work with it; null: this work alone.</param>
    public WorkTime Time(Work work, Company? company = null)
    {
        if (!_kernels.TryGetValue(work.Kernel, out Lazy<KernelTimes>? kernel))
            throw new InvalidOperationException("the device table has no points of " + work.Kernel);
        double once = Math.Max(0, kernel.Value.Once(work.Sizes) - _node) * work.Times;
        double[] times = Array.ConvertAll(kernel.Value.Shares(work.Sizes), share => once * share);
        if (company is null)
            return new WorkTime(work.GoesOn ? 0 : _node, _table.Threads, times);
        double[] distances = Distances(work, company.Weights);
        for (int i = 0; i < distances.Length; i++)
            times[i] += distances[i];
        return new WorkTime(work.GoesOn ? 0 : _node + _crowd(company.Nodes), _table.Threads, times);
    }

    // Calibration has a kernel's weights as near as their size allows; in a model, others push them out of the caches.
    // By measured number of threads: each fetches the weights of its part.
    private double[] Distances(Work work, double weights)
    {
        if (work.Weights <= 0 || weights <= work.Weights || !_kernels.TryGetValue(WeightsKernel, out Lazy<KernelTimes>? kernel))
            return [];
        double rows = Math.Min(Math.Max(1, work.Amount / work.Weights * BytesOfFloat), _mostRows);
        double[] far = PerByte(weights), near = PerByte(work.Weights);
        for (int i = 0; i < far.Length; i++)
            far[i] = Math.Max(0, far[i] - near[i]) * work.Weights;
        return far;

        double[] PerByte(double bytes)
        {
            double[] sizes = [rows, Math.Min(Math.Max(bytes, _fewestWeights), _mostWeights)];
            double once = kernel.Value.Once(sizes) / sizes[1];
            return Array.ConvertAll(kernel.Value.Shares(sizes), share => once * share);
        }
    }

    // Few nodes find all their code and tables in the caches. Beyond the largest number that was measured, no more is known.
    private static Func<double, double> Crowd(DevicePoint[] points)
    {
        Curve curve = new(Array.ConvertAll(points, p => p.Sizes[0]), Array.ConvertAll(points, p => p.Nanoseconds[0]));
        double least = Least(points, static p => p.Sizes[0]), most = Most(points, static p => p.Sizes[0]);
        return nodes => curve.At(Math.Min(nodes, most)) * Math.Min(1, nodes / least);
    }

    private static double Least(DevicePoint[] points, Converter<DevicePoint, double> number)
    {
        double[] numbers = Array.ConvertAll(points, number);
        Array.Sort(numbers);
        return numbers[0];
    }

    private static double Most(DevicePoint[] points, Converter<DevicePoint, double> number) => -Least(points, p => -number(p));
}
