using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>Where clusters end, by distance. The first that has ended is found without looking at all of them: above each two stands the greater, up to the top.</summary>
internal sealed class ClusterEnds
{
    private readonly int _first = 1;
    private readonly double[] _greatest;
    private int _count;

    /// <param name="most">How many clusters there are at most.</param>
    public ClusterEnds(int most)
    {
        while (_first < most)
            _first *= 2;
        _greatest = new double[2 * _first];
        for (int i = 0; i < _greatest.Length; i++)
            _greatest[i] = double.NegativeInfinity;
    }

    /// <summary>The first cluster that does not end below a distance; a new one where there is none.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public int NotBelow(double distance)
    {
        if (_greatest[1] < distance)
            return _count;
        int at = 1;
        while (at < _first)
            at = _greatest[2 * at] < distance ? (2 * at) + 1 : 2 * at;
        return at - _first;
    }

    [MethodImpl(JustInTime.Optimized)]
    public void Set(int cluster, double end)
    {
        _count = Math.Max(_count, cluster + 1);
        _greatest[_first + cluster] = end;
        for (int at = (_first + cluster) / 2; at > 0; at /= 2)
            _greatest[at] = Math.Max(_greatest[2 * at], _greatest[(2 * at) + 1]);
    }
}
