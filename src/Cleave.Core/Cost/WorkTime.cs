using System;

namespace Cleave.Core.Cost;

/// <summary>What work takes, by the number of threads that do it.</summary>
/// <param name="always">Nanoseconds that no thread takes off.</param>
/// <param name="shared">Nanoseconds of one thread beside that.</param>
/// <param name="threads">The thread counts that were measured, rising, from 1.</param>
/// <param name="shares">By measured count: the part of <paramref name="shared"/> that is left.</param>
internal sealed class WorkTime(double always, double shared, int[] threads, double[] shares)
{
    /// <summary>Nanoseconds with a number of threads.</summary>
    public double At(int count) => always + (shared * Share(count));

    private double Share(int count)
    {
        int measured = threads.Length - 1;
        while (measured > 0 && threads[measured] > count)
            measured--;
        if (measured == 0 || threads[measured] == count)
            return shares[measured];
        // Beyond what was measured, by Amdahl's law from there: an estimate.
        int known = threads[measured];
        double serial = Math.Min(1, Math.Max(0, ((shares[measured] * known) - 1) / (known - 1)));
        return serial + ((1 - serial) / count);
    }
}
