using System;
using System.Threading;

namespace Cleave.Core.Placement;

/// <summary>How much may be looked at while a model is placed, however many searches that takes, and whether anybody still waits for it. For one thread.</summary>
internal sealed class PlacementBudget
{
    /// <summary>Units looked at: what all searches for a model may spend together. Ordinary models need a small part of it.</summary>
    public const long MostVisits = 96_000_000;

    private readonly PlacementBudget? _whole;
    private readonly CancellationToken _cancellation;

    private PlacementBudget(long visits, PlacementBudget? whole, CancellationToken cancellation)
    {
        Left = visits;
        _whole = whole;
        _cancellation = cancellation;
    }

    /// <param name="cancellation">Ends the search that spends.</param>
    public PlacementBudget(CancellationToken cancellation = default)
        : this(MostVisits, whole: null, cancellation)
    {
    }

    /// <summary>Visits that are left; none or fewer: a search gives what it has found.</summary>
    public long Left { get; private set; }

    /// <summary>A part of what is left; what is spent of it is spent of the whole.</summary>
    /// <param name="visits">As many as there are at most.</param>
    public PlacementBudget Part(long visits) => new(Math.Min(visits, Left), this, _cancellation);

    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    public void Spend(long visits)
    {
        _cancellation.ThrowIfCancellationRequested();
        for (PlacementBudget? budget = this; budget != null; budget = budget._whole)
            budget.Left -= visits;
    }
}
