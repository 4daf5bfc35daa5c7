using System;
using System.Collections.Generic;
using Cleave.Core.Batching;
using Cleave.Core.Passes.Partitions;

namespace Cleave.Core.Ensembles;

/// <summary>How long is searched.</summary>
/// <param name="MaxIterations">The most steps. Simulated matrices cost little, and twelve models need more than ten.</param>
/// <param name="MaxNeighbours">The most matrices tried in a step.</param>
/// <param name="Seed">Says which neighbours, where there are more.</param>
internal sealed record AllocationSearchOptions(int MaxIterations = 30, int MaxNeighbours = 100, ulong Seed = 1);

/// <summary>What was found.</summary>
/// <param name="Matrix">The best matrix.</param>
/// <param name="Throughput">Samples a second of it, as the function says.</param>
/// <param name="Evaluations">How often the function was asked.</param>
/// <param name="Steps">The throughput at the start and after each step that raised it.</param>
internal sealed record FoundAllocation(AllocationMatrix Matrix, double Throughput, int Evaluations, IReadOnlyList<double> Steps);

/// <summary>
/// Algorithm 2 of Pochelu et al. (arXiv 2208.14049, section 3): a bounded greedy over matrices that differ in one cell (another batch, one more replica, one less), by
/// throughput as it is measured or simulated. The best neighbour is taken while it is better; the result is never worse than the start. One thing is not the paper's: throughput is that of the
/// slowest member, so where several are equally slow no single cell makes a difference. Then a second number decides among neighbours of the same throughput, for as many steps in a row as there are
/// members; what was found that way counts only if throughput rises in the end.
/// </summary>
internal static class AllocationSearch
{
    // Two simulations with other numbers of samples differ by rounding, too.
    private const double Rounding = 1e-9;

    /// <param name="problem">What is allocated.</param>
    /// <param name="start">A valid matrix.</param>
    /// <param name="throughput">Samples a second of a valid matrix; 0 where it does not run after all.</param>
    /// <param name="options">How long.</param>
    /// <param name="ties">Of matrices with the same throughput, the one where this is less is better. Null: none is, as in the paper; measured ones do not tie.</param>
    /// <exception cref="ArgumentException"><paramref name="start"/> is not valid.</exception>
    public static FoundAllocation Improve(
        AllocationProblem problem, AllocationMatrix start, Func<AllocationMatrix, double> throughput, AllocationSearchOptions options, Func<AllocationMatrix, double>? ties = null)
    {
        if (!problem.IsValid(start))
            throw new ArgumentException("The matrix to begin with leaves a model out, or takes more memory than there is.", nameof(start));
        SeededRandom random = new(options.Seed);
        Dictionary<AllocationMatrix, double> known = [];
        AllocationMatrix best = start, at = start;
        double most = Ask(start);
        List<double> steps = [most];
        for (int i = 0, level = 0; i < options.MaxIterations && level <= problem.Models.Count; i++)
        {
            AllocationMatrix? next = null, even = null;
            double least = ties?.Invoke(at) ?? 0;
            foreach (AllocationMatrix neighbour in Sample(Neighbours(problem, at), options.MaxNeighbours, random))
            {
                double value = Ask(neighbour);
                if (value > most * (1 + Rounding))
                    (next, most) = (neighbour, value);
                else if (next is null && value >= most * (1 - Rounding) && ties?.Invoke(neighbour) is { } tie && tie < least)
                    (even, least) = (neighbour, tie);
            }
            level = next is null ? level + 1 : 0;
            if ((next ?? even) is not { } step)
                break;
            at = step;
            if (next is null)
                continue;
            best = next;
            steps.Add(most);
        }
        return new FoundAllocation(best, most, known.Count, steps);

        double Ask(AllocationMatrix matrix)
        {
            if (!known.TryGetValue(matrix, out double value))
                known.Add(matrix, value = throughput(matrix));
            return value;
        }
    }

    /// <summary>The matrix that is predicted to be the best: found from a first one, or, where another is predicted to be faster than all that, from this one.</summary>
    /// <param name="problem">What is allocated.</param>
    /// <param name="start">A valid matrix.</param>
    /// <param name="other">One that may be used anyway; it need not have the memory.</param>
    /// <param name="simulator">Predicts.</param>
    public static FoundAllocation Predict(AllocationProblem problem, AllocationMatrix start, AllocationMatrix other, ThroughputSimulator simulator)
    {
        FoundAllocation found = From(start);
        return problem.IsValid(other) && simulator.Of(other) > found.Throughput * (1 + Rounding) ? From(other) : found;

        FoundAllocation From(AllocationMatrix matrix) => Improve(problem, matrix, simulator.Of, new AllocationSearchOptions(), simulator.SecondsOfAll);
    }

    /// <summary>All valid matrices that differ in one cell, in a fixed order.</summary>
    public static List<AllocationMatrix> Neighbours(AllocationProblem problem, AllocationMatrix matrix)
    {
        List<AllocationMatrix> neighbours = [];
        for (int d = 0; d < matrix.Devices; d++)
        {
            for (int m = 0; m < matrix.Models; m++)
            {
                if (matrix[d, m].Count > 0)
                    Add(d, m, default);
                foreach (InstanceGroup cell in problem.Devices[d].Choices)
                {
                    if (cell != matrix[d, m])
                        Add(d, m, cell);
                }
            }
        }
        return neighbours;

        void Add(int device, int model, InstanceGroup cell)
        {
            AllocationMatrix neighbour = matrix.With(device, model, cell);
            if (problem.IsValid(neighbour))
                neighbours.Add(neighbour);
        }
    }

    // The first ones of a random order, in that order.
    private static List<AllocationMatrix> Sample(List<AllocationMatrix> all, int most, SeededRandom random)
    {
        if (all.Count <= most)
            return all;
        for (int i = 0; i < most; i++)
        {
            int other = i + random.Below(all.Count - i);
            (all[i], all[other]) = (all[other], all[i]);
        }
        return all.GetRange(0, most);
    }
}
