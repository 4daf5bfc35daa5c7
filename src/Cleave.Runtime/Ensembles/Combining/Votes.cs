using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Ensembles.Combining;

/// <summary>One vote of each member for each place; counted in the members' order, whoever voted first.</summary>
internal sealed class Votes<T>(double[] weights, int members)
{
    // Of all weights together: those that add up to the same on paper, but not in double.
    private const double Equal = 1e-12;

    private readonly double _tie = Equal * weights.Sum();
    private T[] _votes = [];
    private int _length;

    public long ByteLength => (long)_votes.Length * Unsafe.SizeOf<T>();

    public void Begin(int length)
    {
        if (_votes.Length < checked(length * members))
            _votes = new T[length * members];
        else
            Array.Clear(_votes, 0, length * members);
        _length = length;
    }

    public Span<T> Of(int member) => _votes.AsSpan(member * _length, _length);

    /// <summary>What most voted for at a place; of several the smallest.</summary>
    public T Winner(int place)
    {
        T winner = default!;
        double most = double.NegativeInfinity;
        for (int m = 0; m < members; m++)
        {
            T vote = _votes[m * _length + place];
            double votes = 0;
            for (int other = 0; other < members; other++)
            {
                if (EqualityComparer<T>.Default.Equals(_votes[other * _length + place], vote))
                    votes += weights.Length == 0 ? 1 : weights[other];
            }
            if (votes > most + _tie || (votes >= most - _tie && Comparer<T>.Default.Compare(vote, winner) < 0))
            {
                winner = vote;
                most = votes;
            }
        }
        return winner;
    }
}
