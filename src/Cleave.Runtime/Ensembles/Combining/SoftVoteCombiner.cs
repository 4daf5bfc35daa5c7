using System;
using System.Numerics;

namespace Cleave.Ensembles.Combining;

/// <summary>
/// The place of the largest (weighted) mean along the last dimension. Means are compared in the elements' type: those that differ by less, because another member
/// came first, are equal. A place where one member gives no number (NaN) has no mean, and does not win (<see cref="Scores"/>).
/// </summary>
internal sealed class SoftVoteCombiner<T>(string name, double[] weights, int members) : OutputCombiner<T, long>(name)
    where T : unmanaged, INumber<T>
{
    private readonly WeightedSums<T> _sums = new(weights, members);
    private int[] _shape = [];

    public override long ByteLength => _sums.ByteLength;

    public override int LeastRank(bool isInParts) => 1;

    public override void Begin(int[] shape)
    {
        _shape = shape;
        _sums.Begin(shape);
    }

    public override void Add(int member, ReadOnlySpan<T> output, int at) => _sums.Add(member, output, at, []);

    public override void Finish()
    {
        Span<long> labels = Target.Write(_shape.AsSpan(0, _shape.Length - 1));
        int classes = _shape[^1];
        for (int i = 0; i < labels.Length; i++)
        {
            int largest = 0;
            for (int c = 1; c < classes; c++)
            {
                if (Scores.Beats(_sums.Mean(i * classes + c), _sums.Mean(i * classes + largest)))
                    largest = c;
            }
            labels[i] = largest;
        }
    }
}
