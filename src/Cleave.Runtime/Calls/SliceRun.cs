using System;
using System.Threading;
using Cleave.Modes;
using Cleave.Workers;

namespace Cleave.Calls;

/// <summary>Runs the slices of a batch at once.</summary>
/// <param name="workers">The runner's threads.</param>
/// <param name="slices">At least one; disposed with this.</param>
internal sealed class SliceRun(WorkerPool workers, BatchSlice[] slices) : SharedRun(workers), IDisposable
{
    private int _next = slices.Length;

    /// <summary>Where each slice is to run.</summary>
    public RunnerMode[] Modes { get; } = new RunnerMode[slices.Length];

    /// <summary>Runs all. The first failure, in time, is thrown.</summary>
    public void Run(CancellationToken token) => Run(slices.Length, helpers: slices.Length - 1, spin: 0, token);

    public void Dispose()
    {
        foreach (BatchSlice slice in slices)
            slice.Dispose();
    }

    protected override void Offer() => Volatile.Write(ref _next, 0);

    protected override int TakeParts()
    {
        int taken = 0;
        for (int next = Take(); next < slices.Length; next = Take(), taken++)
        {
            try
            {
                if (IsWanted())
                    slices[next].Run(Modes[next], Token);
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
        return taken;
    }

    private int Take() => Interlocked.Increment(ref _next) - 1;
}
