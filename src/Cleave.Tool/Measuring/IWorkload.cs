using System;

namespace Cleave.Tool.Measuring;

/// <summary>Something whose time is taken, alone in a process.</summary>
internal interface IWorkload : IDisposable
{
    /// <summary>Runs once for each element, and writes how many nanoseconds it took.</summary>
    void Block(double[] nanoseconds);
}
