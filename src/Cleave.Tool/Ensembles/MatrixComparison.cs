using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Tool.Measuring;

namespace Cleave.Tool.Ensembles;

/// <summary>
/// Compares the fastest of many matrices with the untuned one, deployed anew in turns. Each was measured once, and at another time: the fastest of them is partly so by luck.
/// </summary>
/// <param name="journal">For how long is measured.</param>
/// <param name="progress">Told what is measured now.</param>
internal sealed class MatrixComparison(EnsembleTuningJournal journal, Action<string> progress)
{
    private const int Turns = 5;

    /// <summary>The better of both; the untuned one where the other gains nothing. Null where there is nothing to compare, or no time or room for it.</summary>
    /// <param name="tried">What was measured.</param>
    /// <param name="untuned">What a runner does that knows nothing.</param>
    /// <param name="time">What a matrix takes for a sample, in nanoseconds.</param>
    /// <param name="matrix">A matrix of its cells.</param>
    public TunedChoice? Choose(IReadOnlyList<TunedMatrix> tried, AllocationMatrix untuned, Func<AllocationMatrix, long> time, Func<IReadOnlyList<InstanceGroup>, AllocationMatrix> matrix)
    {
        TunedMatrix? first = tried.FirstOrDefault(t => t.Ran && t.Cells.SequenceEqual(untuned.Cells)), fastest = tried.Where(static t => t.Ran).MinBy(static t => t.Nanoseconds);
        if (first is null || fastest is null || fastest == first)
            return null;
        AllocationMatrix other = matrix(fastest.Cells);
        List<double> before = [], ratios = [];
        try
        {
            for (int turn = 0; turn < Turns; turn++)
            {
                if (journal.IsOver())
                    return null;
                progress($"the fastest against the untuned one, {turn + 1} of {Turns}");
                bool otherFirst = turn % 2 == 1;
                double early = otherFirst ? time(other) : 0, reference = time(untuned), late = otherFirst ? early : time(other);
                before.Add(reference);
                ratios.Add(late / reference);
            }
        }
        catch (CleaveException e) when (DeviceTimer.LacksMemory(e))
        {
            progress("it lacks memory: " + e.Message);
            return null;
        }
        double median = Statistics.Median(before), ratio = Statistics.Median(ratios);
        return new TunedChoice(ratio < 1 ? fastest with { Nanoseconds = Whole(median * ratio) } : first with { Nanoseconds = Whole(median) }, Whole(median));
    }

    private static long Whole(double nanoseconds) => Math.Max(1, (long)nanoseconds);
}
