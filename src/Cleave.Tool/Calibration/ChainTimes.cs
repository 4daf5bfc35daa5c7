using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Tool.Calibration;

/// <summary>
/// The times of a short and a long chain of one kernel, in nanoseconds of a call, pass by pass. The two of a pass are measured one right
/// after the other, at the same speed of the machine; of all passes the fastest eighth counts, and of these the median.
/// </summary>
/// <param name="few">Copies in the short chain.</param>
/// <param name="many">Copies in the long one.</param>
internal sealed class ChainTimes(int few, int many)
{
    private readonly List<(double Few, double Many)> _passes = [];

    /// <summary>One copy.</summary>
    public double One => Median(Copy);

    /// <summary>What a call takes beside its copies.</summary>
    public double Rest => Median(p => p.Few - (Copy(p) * few));

    /// <summary>The long chain.</summary>
    public double Many => Median(p => p.Many);

    public void Add(double timeOfFew, double timeOfMany) => _passes.Add((timeOfFew, timeOfMany));

    private double Copy((double Few, double Many) pass) => (pass.Many - pass.Few) / (many - few);

    private double Median(Func<(double Few, double Many), double> value)
    {
        double[] fast = [.. _passes.OrderBy(p => p.Few + p.Many).Take((_passes.Count + 7) / 8).Select(value).Order()];
        return fast[fast.Length / 2];
    }
}
