using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>A plan whose segments run on an accelerator, all or some of them. Made by generated code; immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DevicePlan
{
    /// <summary>Describes it.</summary>
    /// <param name="kind">The kind of the accelerator: <c>cuda</c>.</param>
    /// <param name="plan">The plan. One of its lanes, not the first, launches the segments on the accelerator, and runs no other.</param>
    /// <param name="threads">Threads of each lane; 1 of the lane that launches.</param>
    /// <exception cref="ArgumentException">There is not one thread count of at least 1 for each lane, or no segment is on an accelerator.</exception>
    public DevicePlan(string kind, Plan plan, params int[] threads)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(threads);
        if (threads.Length != plan.Lanes.Length || Array.Exists(threads, t => t < 1))
            throw new ArgumentException("A plan for an accelerator has one thread count of at least 1 for each lane.", nameof(threads));
        if (!Array.Exists(plan.Segments, static s => s.IsOnDevice))
            throw new ArgumentException("The plan '" + plan.Name + "' has no segment on an accelerator.", nameof(plan));
        Kind = kind;
        Plan = plan;
        Threads = threads;
    }

    /// <summary>With so many cores the CPU alone is predicted to do as well; then the accelerator is used only where it is required.</summary>
    public int FewerCoresThan { get; init; } = int.MaxValue;

    internal string Kind { get; }

    internal Plan Plan { get; }

    internal int[] Threads { get; }
}
