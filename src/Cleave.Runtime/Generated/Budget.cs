using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>One row of the table of thread budgets: with so many cores this plan, with so many threads for each lane.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct Budget
{
    /// <summary>Describes a row.</summary>
    /// <param name="cores">The cores that it needs.</param>
    /// <param name="plan">The plan to run.</param>
    /// <param name="threads">Threads of each lane, the calling thread included.</param>
    /// <exception cref="ArgumentException">A number is below 1, or there is not one thread count for each lane.</exception>
    public Budget(int cores, Plan plan, params int[] threads)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(threads);
        ArgumentOutOfRangeException.ThrowIfLessThan(cores, 1);
        if (threads.Length != plan.Lanes.Length || Array.Exists(threads, t => t < 1))
            throw new ArgumentException("A budget has one thread count of at least 1 for each lane of its plan.", nameof(threads));
        Cores = cores;
        Plan = plan;
        Threads = threads;
    }

    internal int Cores { get; }

    internal Plan Plan { get; }

    internal int[] Threads { get; }

    /// <summary>The last row that fits the cores; the first where none does.</summary>
    internal static Budget Choose(Budget[] rows, int cores)
    {
        Budget chosen = rows[0];
        foreach (Budget row in rows)
        {
            if (row.Cores <= cores)
                chosen = row;
        }
        return chosen;
    }
}
