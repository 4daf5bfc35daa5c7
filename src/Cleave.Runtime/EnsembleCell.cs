using System;

namespace Cleave;

/// <summary>
/// How a member of an ensemble serves large requests on the processor, or any on an accelerator: ⟨i, t, b⟩ (Packrat, as a cell of the allocation matrix of Pochelu et al., arXiv 2208.14049). Immutable.
/// </summary>
public readonly record struct EnsembleCell
{
    /// <summary>Describes it.</summary>
    /// <param name="instances">How many instances run at once, where there are cores for them.</param>
    /// <param name="threads">The threads, and so the cores, of each.</param>
    /// <param name="batch">The most samples that each takes at once.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is less than 1.</exception>
    public EnsembleCell(int instances, int threads, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(instances, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        Instances = instances;
        Threads = threads;
        Batch = batch;
    }

    /// <summary>How many instances run at once, where there are cores for them.</summary>
    public int Instances { get; }

    /// <summary>The threads of each.</summary>
    public int Threads { get; }

    /// <summary>The most samples that each takes at once.</summary>
    public int Batch { get; }

    /// <summary>As <c>2x&lt;1,32&gt;</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Instances}x<{Threads},{Batch}>");
}
