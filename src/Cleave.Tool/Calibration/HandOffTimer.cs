using System.Diagnostics;
using System.Threading;

namespace Cleave.Tool.Calibration;

/// <summary>Times how long a value takes from one lane to another that spins for it.</summary>
internal static class HandOffTimer
{
    private const int Times = 5000;

    /// <summary>Nanoseconds, one way; longer where the scheduler took one of the two away meanwhile.</summary>
    public static double Measure()
    {
        int turn = 0;
        Thread other = new(() =>
        {
            for (int i = 0; i < Times; i++)
            {
                SpinUntil(ref turn, (2 * i) + 1);
                Volatile.Write(ref turn, (2 * i) + 2);
            }
        });
        other.Start();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Times; i++)
        {
            Volatile.Write(ref turn, (2 * i) + 1);
            SpinUntil(ref turn, (2 * i) + 2);
        }
        double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        other.Join();
        return nanoseconds / Times / 2;
    }

    // With one core, or a busy one, spinning alone would never end.
    private static void SpinUntil(ref int turn, int value)
    {
        SpinWait wait = default;
        for (int spins = 0; Volatile.Read(ref turn) < value; spins++)
        {
            if (spins > 10000)
                wait.SpinOnce();
            else
                Thread.SpinWait(1);
        }
    }
}
