using System;
using System.Numerics;

namespace Cleave.Ensembles.Combining;

/// <summary>The (weighted) mean.</summary>
internal sealed class MeanCombiner<T>(string name, double[] weights, int members) : OutputCombiner<T, T>(name)
    where T : unmanaged, INumberBase<T>
{
    private readonly WeightedSums<T> _sums = new(weights, members);

    public override long ByteLength => _sums.ByteLength;

    public override void Begin(int[] shape)
    {
        Target.Write(shape);
        _sums.Begin(shape);
    }

    // The last member's rows are the result's.
    public override void Add(int member, ReadOnlySpan<T> output, int at) => _sums.Add(member, output, at, Target.Written);

    public override void Finish()
    {
    }
}
