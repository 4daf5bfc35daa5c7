using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Ensembles;
using Cleave.Core.Passes.Partitions;

namespace Cleave.TestKit.Ensembles;

/// <summary>Random ensembles and devices, with times of batches that are like those of real ones.</summary>
internal sealed class RandomEnsembles
{
    private readonly double[,] _fixed;
    private readonly double[,] _each;

    public RandomEnsembles(ulong seed, int devices, int models, params int[] batches)
    {
        SeededRandom random = new(seed);
        MemberMemory[] members = [.. Enumerable.Range(0, models).Select(m => new MemberMemory("m" + m, 50 + random.Below(400), 1 + random.Below(4)))];
        long all = members.Sum(m => m.Of(new InstanceGroup(1, 1, batches[0])));
        // From just enough to plenty.
        Problem = new AllocationProblem(
            [.. Enumerable.Range(0, devices).Select(d => EnsembleDevice.Accelerator("d" + d, (long)(all * (0.8 + 2 * random.Fraction()) / devices) + 300, batches))], members);
        _fixed = new double[devices, models];
        _each = new double[devices, models];
        double[] speed = [.. Enumerable.Range(0, devices).Select(_ => 0.5 + random.Fraction())];
        for (int m = 0; m < models; m++)
        {
            // A launch, and what each sample costs: larger batches are better, by more or less.
            double launch = 0.2 + 3 * random.Fraction(), sample = 0.05 + random.Fraction();
            for (int d = 0; d < devices; d++)
            {
                _fixed[d, m] = launch * speed[d] * (0.8 + 0.4 * random.Fraction());
                _each[d, m] = sample * speed[d] * (0.8 + 0.4 * random.Fraction());
            }
        }
        Simulator = new ThroughputSimulator(Problem, (d, m, cell) => _fixed[d, m] + _each[d, m] * cell.Batch, samples: 512);
    }

    public AllocationProblem Problem { get; }

    public ThroughputSimulator Simulator { get; }

    /// <summary>The most of all valid matrices.</summary>
    public double Optimum() => All(new AllocationMatrix(Problem.Devices.Count, Problem.Models.Count), 0).Where(Problem.IsValid).Max(Simulator.Of);

    private IEnumerable<AllocationMatrix> All(AllocationMatrix matrix, int cell)
    {
        if (cell == matrix.Devices * matrix.Models)
            return [matrix];
        int device = cell / matrix.Models, model = cell % matrix.Models;
        return All(matrix, cell + 1).Concat(Problem.Devices[device].Choices.SelectMany(c => All(matrix.With(device, model, c), cell + 1)));
    }
}
