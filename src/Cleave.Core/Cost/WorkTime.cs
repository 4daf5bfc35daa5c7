using System;

namespace Cleave.Core.Cost;

/// <summary>What work takes, by the number of threads that do it.</summary>
/// <param name="always">Nanoseconds that no thread takes off.</param>
/// <param name="threads">The thread counts that were measured, rising, from 1.</param>
/// <param name="times">By measured count: nanoseconds beside that.</param>
internal sealed class WorkTime(double always, int[] threads, double[] times)
{
    // Of large batches of BERT, GPT-2, ResNet-50 and Inception-v3, 16 threads share all but 6 % (Packrat's published times, one socket of
    // 16 cores), where two threads look as if it were 1 % to 5 %.
    private const double LeastSerial = 0.06;

    /// <summary>Nanoseconds with a number of threads.</summary>
    public double At(int count)
    {
        int measured = threads.Length - 1;
        while (measured > 0 && threads[measured] > count)
            measured--;
        if (measured == 0 || threads[measured] == count)
            return always + times[measured];
        // Beyond what was measured, by Amdahl's law from there: an estimate.
        int known = threads[measured];
        double share = times[0] > 0 ? times[measured] / times[0] : 1;
        double serial = Math.Min(1, Math.Max(LeastSerial, ((share * known) - 1) / (known - 1)));
        return always + Math.Min(times[measured], times[0] * (serial + ((1 - serial) / count)));
    }
}
