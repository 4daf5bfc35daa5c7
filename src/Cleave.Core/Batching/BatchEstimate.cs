using System;

namespace Cleave.Core.Batching;

/// <summary>
/// What batch size to be ready for: of the last sizes that came, each rounded down to a power of two, the most frequent. So neither a lone large batch nor a mix of sizes
/// changes it. (Packrat, section 3.6, rounds a moving average. Where all batches are of one power of two that average comes near to it from below and never gets there,
/// and between two sizes it is of neither.) Not thread-safe.
/// </summary>
internal sealed class BatchEstimate
{
    /// <summary>Of how many sizes the most frequent counts.</summary>
    public const int Kept = 32;

    // By power: how many of the last sizes. Counted as they come and go, without garbage: it is asked for each batch.
    private readonly int[] _counts = new int[31];
    // The oldest is at _next once all places are taken.
    private readonly int[] _recent = new int[Kept];
    private int _came;
    private int _next;
    private int _most;

    /// <summary>One more size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Add(int size)
    {
        if (size < 0)
            throw new ArgumentOutOfRangeException(nameof(size));
        if (_came == Kept)
            _counts[_recent[_next]]--;
        else
            _came++;
        int power = Power(size);
        _counts[power]++;
        _recent[_next] = power;
        _next = (_next + 1) % Kept;
        // Where two are as frequent, it stays as it was: who opens sessions by it would go to and fro.
        for (int other = 0; other < _counts.Length; other++)
            _most = _counts[other] > _counts[_most] ? other : _most;
    }

    /// <summary>Whether a size is one to be ready for; before anything came, 1 is.</summary>
    public bool IsReady(int size) => Power(size) == _most;

    // Of the power of two below; 0 at least.
    private static int Power(int size)
    {
        int power = 0;
        while (size >> (power + 1) > 0)
            power++;
        return power;
    }
}
