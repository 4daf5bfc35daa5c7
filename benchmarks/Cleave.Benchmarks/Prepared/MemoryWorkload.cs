using System;
using System.Collections.Generic;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Prepared;

/// <summary>First opens and runs something, and holds it; then says, instead of times, how many bytes the process holds more than before.</summary>
/// <param name="open">Makes it, and gives what runs a request.</param>
/// <param name="times">How often it is made.</param>
/// <param name="runs">How many requests each runs.</param>
/// <param name="check">Refuses what was opened otherwise than it should be.</param>
internal sealed class MemoryWorkload(Func<(Action Run, IDisposable Owner)> open, int times, int runs, Action<IDisposable>? check = null) : IWorkload
{
    /// <summary>So many numbers are read: resident, private, proportional.</summary>
    public const int Numbers = 3;

    private readonly List<IDisposable> _held = [];
    private ProcessMemory _before;

    public void Block(double[] nanoseconds)
    {
        if (_held.Count == 0)
            Open();
        ProcessMemory held = ProcessMemory.Read() - _before;
        (nanoseconds[0], nanoseconds[1], nanoseconds[2]) = (held.Resident, held.Private, held.Proportional);
    }

    public void Dispose()
    {
        foreach (IDisposable owner in _held)
            owner.Dispose();
    }

    private void Open()
    {
        _before = ProcessMemory.Read();
        for (int i = 0; i < times; i++)
        {
            (Action run, IDisposable owner) = open();
            _held.Add(owner);
            for (int request = 0; request < runs; request++)
                run();
            check?.Invoke(owner);
        }
    }
}
