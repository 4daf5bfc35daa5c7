using System;
using System.Linq;
using Cleave.Generated;
using Cleave.Modes;

namespace Cleave.Plans;

/// <summary>The plan that a runner opens.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Threads">Threads of each lane, no more together than there are cores, but at least one each.</param>
/// <param name="Needs">The cores it was made for.</param>
internal sealed record ChosenPlan(Plan Plan, int[] Threads, int Needs)
{
    /// <summary>The cores that a request uses.</summary>
    public int Cores => Threads.Sum();

    /// <summary>For the log.</summary>
    public string Words => RunnerMode.WordsOf(Plan.Name, Threads);

    /// <summary>Chooses from the table. Split gives a whole plan where the table has no other.</summary>
    public static ChosenPlan Choose(Budget[] rows, int cores, PlanChoice choice)
    {
        Budget row = Budget.Choose(rows, cores);
        if (choice == PlanChoice.Split && !row.Plan.IsSplit && Array.FindAll(rows, static r => r.Plan.IsSplit) is { Length: > 0 } split)
            row = Budget.Choose(split, cores);
        ChosenPlan chosen = new(row.Plan, Clamp(row.Threads, cores), row.Cores);
        return choice == PlanChoice.Whole && row.Plan.IsSplit ? chosen.Whole(rows, cores) : chosen;
    }

    /// <summary>Instead of a split: the whole model, with as many threads as the split was to have cores.</summary>
    /// <exception cref="ArgumentException">The table has no plan of one segment.</exception>
    public ChosenPlan Whole(Budget[] rows, int cores) => Whole(rows, Needs, cores);

    /// <summary>Instead: the whole model with so many threads, where there are so many cores.</summary>
    /// <exception cref="ArgumentException">The table has no plan of one segment.</exception>
    public static ChosenPlan Whole(Budget[] rows, int needs, int cores)
    {
        int row = Array.FindIndex(rows, static r => !r.Plan.IsSplit);
        if (row < 0)
            throw new ArgumentException("The table of thread budgets has no plan of one segment.", nameof(rows));
        int threads = Math.Min(needs, cores);
        return new ChosenPlan(rows[row].Plan, [threads], threads);
    }

    // The lane with the most threads gives one, until they fit; the first, which is the longest, after the others.
    private static int[] Clamp(int[] threads, int cores)
    {
        int[] fewer = [.. threads];
        while (fewer.Sum() > cores && fewer.Max() > 1)
            fewer[Array.LastIndexOf(fewer, fewer.Max())]--;
        return fewer;
    }
}
