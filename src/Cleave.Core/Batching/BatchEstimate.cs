using System;

namespace Cleave.Core.Batching;

/// <summary>
/// What batch size to be ready for, by the sizes that came (Packrat, section 3.6; its simulator's constants): their moving average, rounded down to a power of two;
/// and of the last few such numbers the most frequent. So neither a lone large batch nor an average that wavers between two sizes changes it. Not thread-safe.
/// </summary>
internal sealed class BatchEstimate
{
    /// <summary>The weight of the last size in the average.</summary>
    public const double Newest = 0.1;

    /// <summary>Of how many numbers the most frequent counts.</summary>
    public const int Kept = 10;

    // The latest is at (_came - 1) % Kept.
    private readonly int[] _recent = new int[Kept];
    private double _average;
    private long _came;

    /// <summary>The size to be ready for; 1 before anything came.</summary>
    public int Size { get; private set; } = 1;

    /// <summary>One more size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Add(int size)
    {
        if (size < 0)
            throw new ArgumentOutOfRangeException(nameof(size));
        _average = _came == 0 ? size : (Newest * size) + ((1 - Newest) * _average);
        _recent[_came++ % Kept] = Floor(_average);
        Size = MostFrequent();
    }

    /// <summary>The power of two below; 1 at least.</summary>
    public static int Floor(double size)
    {
        int power = 1;
        while (power <= size / 2)
            power *= 2;
        return power;
    }

    // Of those that are equally frequent the latest. Without garbage: it is asked for each batch.
    private int MostFrequent()
    {
        int best = 0, most = 0;
        for (long i = _came - 1; i >= Math.Max(0, _came - Kept); i--)
        {
            int size = _recent[i % Kept], count = 0;
            for (int j = 0; j < Math.Min(_came, Kept); j++)
                count += _recent[j] == size ? 1 : 0;
            if (count > most)
                (best, most) = (size, count);
        }
        return best;
    }
}
