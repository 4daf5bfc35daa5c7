using System;
using System.Numerics;

namespace Cleave.Ensembles.Combining;

/// <summary>The (weighted) mean.</summary>
internal sealed class MeanCombiner<T>(string name, double[] weights, int members) : OutputCombiner<T, T>(name)
    where T : unmanaged, INumberBase<T>
{
    private readonly WeightedSums<T> _sums = new(weights, members);
    private int[] _shape = [];

    public override void Begin(int[] shape)
    {
        _shape = shape;
        _sums.Begin(Length(shape));
    }

    public override void Add(int member, ReadOnlySpan<T> output, int at) => _sums.Add(member, output, at);

    public override void Finish() => _sums.Write(Target.Write(_shape));
}
