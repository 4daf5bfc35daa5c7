using System;
using System.Collections.Generic;

namespace Cleave.Core.Cost;

/// <summary>What one node, or a group that runs as one operator, has to do.</summary>
/// <param name="Kernel">Whose points say how long it takes (<see cref="Cost.Kernel"/>).</param>
/// <param name="Sizes">The kernel's sizes, none below 1.</param>
/// <param name="Times">How often: groups of a convolution, matrices of a batch, directions of a recurrence.</param>
internal sealed record Work(string Kernel, double[] Sizes, double Times = 1)
{
    /// <summary>Nothing but what every node costs: reshapes, and whatever has a handful of elements.</summary>
    public static Work Node { get; } = new("node", [1]);

    /// <summary>Bytes of constant weights that it reads once in a call; they come from further away the more a model has of them.</summary>
    public double Weights { get; init; }

    /// <summary>Whether it goes on in a node whose first work is counted before: what every node costs is not paid again.</summary>
    public bool GoesOn { get; init; }

    /// <summary>Works that one node does, one after the other.</summary>
    public static Work[] OfOneNode(params Work[] works)
    {
        for (int i = 1; i < works.Length; i++)
            works[i] = works[i] with { GoesOn = true };
        return works;
    }

    /// <summary>By what they are: repeated layers do the same work.</summary>
    public bool Equals(Work? other) =>
        other is not null && Kernel == other.Kernel && Times == other.Times && Weights == other.Weights && GoesOn == other.GoesOn && HasSizes(other.Sizes);

    private bool HasSizes(double[] sizes)
    {
        bool same = Sizes.Length == sizes.Length;
        for (int i = 0; i < sizes.Length && same; i++)
            same = Sizes[i] == sizes[i];
        return same;
    }

    public override int GetHashCode()
    {
        int hash = Kernel.GetHashCode() ^ Times.GetHashCode() ^ Weights.GetHashCode() ^ GoesOn.GetHashCode();
        foreach (double size in Sizes)
            hash = unchecked((hash * 31) + size.GetHashCode());
        return hash;
    }

    /// <summary>Multiplications and additions, or elements.</summary>
    public double Amount => (Cost.Kernel.Find(Kernel) ?? throw new InvalidOperationException("no kernel " + Kernel)).Amount(Sizes) * Times;
}

/// <summary>What a group does, in numbers for people and planners.</summary>
/// <param name="Works">Its kernels, one after the other.</param>
/// <param name="BytesRead">Inputs and weights.</param>
/// <param name="BytesWritten">Outputs.</param>
internal sealed record GroupWork(IReadOnlyList<Work> Works, double BytesRead, double BytesWritten);
