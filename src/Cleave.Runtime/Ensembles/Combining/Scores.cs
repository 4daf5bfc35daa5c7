using System.Numerics;

namespace Cleave.Ensembles.Combining;

/// <summary>The order of scores in votes.</summary>
internal static class Scores
{
    /// <summary>Whether a score wins against the best one before it. What is no number (NaN) never does, wherever it stands; of equal ones the first wins.</summary>
    public static bool Beats<T>(T score, T best)
        where T : INumber<T> => score > best || (T.IsNaN(best) && !T.IsNaN(score));
}
