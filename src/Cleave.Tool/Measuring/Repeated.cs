using System;
using System.Diagnostics;

namespace Cleave.Tool.Measuring;

/// <summary>An action, timed in groups where one run is too short for the clock.</summary>
/// <param name="action">What is timed.</param>
/// <param name="group">How many runs make one timing, which is their mean.</param>
/// <param name="owner">Disposed in the end; null: nothing is.</param>
internal sealed class Repeated(Action action, int group, IDisposable? owner = null) : IWorkload
{
    public void Block(double[] nanoseconds)
    {
        for (int i = 0; i < nanoseconds.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int j = 0; j < group; j++)
                action();
            nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / group;
        }
    }

    public void Dispose() => owner?.Dispose();
}
