using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;

namespace Cleave.Core.Ensembles;

/// <summary>
/// Algorithm 1 of Pochelu et al. (arXiv 2208.14049, section 3): models by falling memory, each to the accelerator with the most room left, so that the load is spread; to
/// a processor where no accelerator has room. Where that leaves a model without room, the smallest cells are tried, and then the tightest place instead of the widest:
/// bin packing has no rule that always finds a packing.
/// </summary>
internal static class WorstFitDecreasing
{
    /// <exception cref="ArgumentException">There is no device, no model, or a device without choices.</exception>
    public static FirstAllocation Place(AllocationProblem problem)
    {
        if (problem.Devices.Count == 0 || problem.Models.Count == 0 || problem.Devices.Any(static d => d.Choices.Count == 0))
            throw new ArgumentException("There must be a model, and a device with at least one choice.", nameof(problem));
        FirstAllocation? best = null;
        foreach ((bool smallest, bool tightest) in new[] { (false, false), (true, false), (true, true) })
        {
            FirstAllocation placed = Place(problem, smallest, tightest);
            if (placed.Fits)
                return placed;
            if (best is null || placed.Missing < best.Missing)
                best = placed;
        }
        return best!;
    }

    private static FirstAllocation Place(AllocationProblem problem, bool smallest, bool tightest)
    {
        AllocationMatrix matrix = new(problem.Devices.Count, problem.Models.Count);
        long[] left = [.. problem.Devices.Select(static d => d.Memory)];
        List<Misfit> misfits = [];
        foreach (int model in Enumerable.Range(0, problem.Models.Count).OrderByDescending(m => Needed(problem, m, smallest)))
        {
            int? place = Best(problem, model, left, smallest, tightest, cpu: false) ?? Best(problem, model, left, smallest, tightest, cpu: true);
            if (place is { } device)
            {
                InstanceGroup cell = Cell(problem, device, model, smallest);
                matrix = matrix.With(device, model, cell);
                left[device] -= problem.Models[model].Of(cell);
            }
            else
            {
                misfits.Add(Misfit(problem, model, left));
            }
        }
        return new FirstAllocation(matrix, misfits);
    }

    private static int? Best(AllocationProblem problem, int model, long[] left, bool smallest, bool tightest, bool cpu)
    {
        int? best = null;
        for (int d = 0; d < left.Length; d++)
        {
            if (problem.Devices[d].IsCpu != cpu || problem.Models[model].Of(Cell(problem, d, model, smallest)) > left[d])
                continue;
            if (best is not { } other || (tightest ? left[d] < left[other] : left[d] > left[other]))
                best = d;
        }
        return best;
    }

    private static InstanceGroup Cell(AllocationProblem problem, int device, int model, bool smallest) => smallest
        ? problem.Devices[device].Choices.OrderBy(problem.Models[model].Of).First()
        : problem.Devices[device].Choices[0];

    private static long Needed(AllocationProblem problem, int model, bool smallest) =>
        Enumerable.Range(0, problem.Devices.Count).Min(d => problem.Models[model].Of(Cell(problem, d, model, smallest)));

    private static Misfit Misfit(AllocationProblem problem, int model, long[] left)
    {
        long Lacks(int device, long room) => problem.Models[model].Of(Cell(problem, device, model, smallest: true)) - room;
        int device = Enumerable.Range(0, left.Length).OrderBy(d => Lacks(d, left[d])).First();
        int roomiest = Enumerable.Range(0, left.Length).OrderBy(d => Lacks(d, problem.Devices[d].Memory)).First();
        long alone = Lacks(roomiest, problem.Devices[roomiest].Memory);
        return alone > 0 ? new Misfit(model, roomiest, alone, true) : new Misfit(model, device, Lacks(device, left[device]), false);
    }
}
