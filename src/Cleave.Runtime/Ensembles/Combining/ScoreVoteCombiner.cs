using System;
using System.Numerics;

namespace Cleave.Ensembles.Combining;

/// <summary>Majority vote on scores: a member votes for the place of its largest along the last dimension (<see cref="Scores"/>), for the first where none is a number.</summary>
internal sealed class ScoreVoteCombiner<T>(string name, double[] weights, int members) : OutputCombiner<T, long>(name)
    where T : unmanaged, INumber<T>
{
    private readonly string _name = name;
    private readonly Votes<int> _votes = new(weights, members);
    private int[] _shape = [];

    public override long ByteLength => _votes.ByteLength;

    // In parts the first dimension is the samples, and those are not voted on.
    public override int LeastRank(bool isInParts) => isInParts ? 2 : 1;

    public override void Begin(int[] shape)
    {
        _shape = shape;
        _votes.Begin(Length(shape.AsSpan(0, shape.Length - 1)));
    }

    public override void Add(int member, ReadOnlySpan<T> output, int at)
    {
        int classes = _shape[^1];
        if (classes == 0)
            return;
        // Samples stand along the last dimension: the largest of a part is not that of the whole.
        if (at % classes != 0 || output.Length % classes != 0)
            throw new InvalidOperationException($"The output '{_name}' is a vote on {classes} scores, but came in a part of {output.Length} scores from the one at {at} on: its last dimension is the batch. Give it classes as the last dimension, or combine it by another rule.");
        Span<int> votes = _votes.Of(member).Slice(at / classes, output.Length / classes);
        for (int i = 0; i < votes.Length; i++)
        {
            ReadOnlySpan<T> scores = output.Slice(i * classes, classes);
            int largest = 0;
            for (int c = 1; c < classes; c++)
            {
                if (Scores.Beats(scores[c], scores[largest]))
                    largest = c;
            }
            votes[i] = largest;
        }
    }

    public override void Finish()
    {
        Span<long> labels = Target.Write(_shape.AsSpan(0, _shape.Length - 1));
        for (int i = 0; i < labels.Length; i++)
            labels[i] = _shape[^1] == 0 ? 0 : _votes.Winner(i);
    }
}
