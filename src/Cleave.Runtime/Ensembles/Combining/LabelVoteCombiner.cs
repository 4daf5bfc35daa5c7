using System;

namespace Cleave.Ensembles.Combining;

/// <summary>Majority vote on labels: whole numbers, and truth values.</summary>
internal sealed class LabelVoteCombiner<T>(string name, double[] weights, int members) : OutputCombiner<T, T>(name)
    where T : unmanaged
{
    private readonly Votes<T> _votes = new(weights, members);
    private int[] _shape = [];

    public override long ByteLength => _votes.ByteLength;

    public override void Begin(int[] shape)
    {
        _shape = shape;
        _votes.Begin(Length(shape));
    }

    public override void Add(int member, ReadOnlySpan<T> output, int at) => output.CopyTo(_votes.Of(member)[at..]);

    public override void Finish()
    {
        Span<T> labels = Target.Write(_shape);
        for (int i = 0; i < labels.Length; i++)
            labels[i] = _votes.Winner(i);
    }
}
