using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Diagnostics;
using Cleave.Core.Ensembles;
using Cleave.Generated;

namespace Cleave.Ensembles;

/// <summary>The matrix of an ensemble whose item lists accelerators, and who said so.</summary>
/// <param name="Matrix">The opened devices, as the problem has them, by members.</param>
/// <param name="Why">For the log.</param>
/// <param name="IsSaid">By member, whether a cell of the processor says how it serves there; otherwise that it does and no more.</param>
internal sealed record DevicePlacement(AllocationMatrix Matrix, string Why, bool[] IsSaid)
{
    private const string Cpu = "cpu";

    /// <summary>
    /// As the application says; what it says nothing of, or all, by worst-fit-decreasing (<see cref="WorstFitDecreasing"/>) into what is left. Where it says nothing: as tuned, or
    /// else by worst-fit-decreasing, with copies on accelerators that are left empty.
    /// </summary>
    /// <param name="ensemble">Its name.</param>
    /// <param name="problem">The opened devices and the members.</param>
    /// <param name="names">The devices, as the item lists them.</param>
    /// <param name="given">What the application says.</param>
    /// <param name="tuned">What was measured of all these devices; null: nothing.</param>
    /// <param name="work">By member, what a sample of it takes, in any unit.</param>
    /// <exception cref="CleaveException">A member has no room (CLV4032).</exception>
    public static DevicePlacement Of(
        string ensemble, AllocationProblem problem, IReadOnlyList<string> names, IReadOnlyDictionary<string, IReadOnlyDictionary<string, EnsembleCell>>? given, TunedDevices? tuned,
        IReadOnlyList<double> work)
    {
        AllocationMatrix matrix = new(problem.Devices.Count, problem.Models.Count);
        if (given is { Count: > 0 })
        {
            matrix = Given(problem, names, given, matrix);
            return new DevicePlacement(Rest(ensemble, problem, matrix), "as the application says", [.. Enumerable.Range(0, matrix.Models).Select(m => IsSomewhere(matrix, m))]);
        }
        if (tuned?.Best is { } best && Tuned(problem, names, tuned, best, matrix) is { } found)
            return new DevicePlacement(found, "as tuned", [.. Enumerable.Repeat(true, matrix.Models)]);
        return new DevicePlacement(
            IdleAccelerators.Fill(problem, Rest(ensemble, problem, matrix), work), tuned?.Best is null ? "not tuned" : "what was tuned has no room any more", new bool[matrix.Models]);
    }

    /// <summary>Whether what the application says makes sense.</summary>
    /// <exception cref="ArgumentException">It names a member or a device that there is not, or a cell that an accelerator has not.</exception>
    public static void Check(EnsembleDefinition definition, EnsembleOptions options)
    {
        if (options.DeviceCells is not { } given)
            return;
        string[] listed = [.. definition.Devices.Where(static d => d != Cpu).Append(Cpu)];
        foreach ((string member, IReadOnlyDictionary<string, EnsembleCell> cells) in given)
        {
            if (!Array.Exists(definition.Members, m => m.Name == member))
                throw Wrong($"names '{member}', which is no member: there are {string.Join(", ", definition.Members.Select(static m => "'" + m.Name + "'"))}");
            if (cells.Count == 0)
                throw Wrong($"has no device for '{member}': leave it out");
            foreach ((string device, EnsembleCell cell) in cells)
            {
                if (!listed.Contains(device))
                    throw Wrong($"names the device '{device}' for '{member}', which the item does not list: it lists {string.Join(", ", listed)}");
                if (cell == default)
                    throw Wrong($"has an empty cell for '{member}' on '{device}': say how many instances, threads and samples");
                if (device != Cpu && cell is not { Instances: 1, Threads: 1 })
                    throw Wrong($"has {cell} for '{member}' on '{device}': an accelerator has one instance of one thread");
            }
        }

        ArgumentException Wrong(string what) => new("DeviceCells " + what + ".", nameof(options));
    }

    // A device that could not be opened is left out; a member that has no other is treated as one that the application says nothing of.
    private static AllocationMatrix Given(AllocationProblem problem, IReadOnlyList<string> names, IReadOnlyDictionary<string, IReadOnlyDictionary<string, EnsembleCell>> given, AllocationMatrix matrix)
    {
        for (int m = 0; m < matrix.Models; m++)
        {
            for (int d = 0; d < matrix.Devices; d++)
            {
                if (given.TryGetValue(problem.Models[m].Name, out IReadOnlyDictionary<string, EnsembleCell>? cells) && cells.TryGetValue(names[d], out EnsembleCell cell))
                    matrix = matrix.With(d, m, new InstanceGroup(Math.Min(cell.Instances, problem.Devices[d].Threads), Math.Min(cell.Threads, problem.Devices[d].Threads), cell.Batch));
            }
        }
        return matrix;
    }

    // Null where it has no room here: other weights, less memory.
    private static AllocationMatrix? Tuned(AllocationProblem problem, IReadOnlyList<string> names, TunedDevices tuned, TunedMatrix best, AllocationMatrix matrix)
    {
        AllocationMatrix there = tuned.Matrix(best);
        for (int d = 0; d < tuned.Names.Count; d++)
        {
            int here = names.ToList().IndexOf(tuned.Names[d]);
            for (int m = 0; here >= 0 && m < matrix.Models; m++)
                matrix = matrix.With(here, m, there[d, m]);
        }
        return problem.IsValid(matrix) ? matrix : null;
    }

    private static AllocationMatrix Rest(string ensemble, AllocationProblem problem, AllocationMatrix matrix)
    {
        int[] left = [.. Enumerable.Range(0, matrix.Models).Where(m => !IsSomewhere(matrix, m))];
        if (left.Length == 0)
            return matrix;
        AllocationProblem rest = new([.. problem.Devices.Select((d, i) => d with { Memory = d.Memory - problem.Used(matrix, i) })], [.. left.Select(m => problem.Models[m])]);
        FirstAllocation first = WorstFitDecreasing.Place(rest);
        if (!first.Fits)
            throw new CleaveException(Rules.EnsembleDoesNotFit, null, ensemble, first.Words(rest));
        for (int m = 0; m < left.Length; m++)
        {
            for (int d = 0; d < matrix.Devices; d++)
            {
                if (first.Matrix[d, m].Count > 0)
                    matrix = matrix.With(d, left[m], first.Matrix[d, m]);
            }
        }
        return matrix;
    }

    private static bool IsSomewhere(AllocationMatrix matrix, int model) => Enumerable.Range(0, matrix.Devices).Any(d => matrix[d, model].Count > 0);
}
