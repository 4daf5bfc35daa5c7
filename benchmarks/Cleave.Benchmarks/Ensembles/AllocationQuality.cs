using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Ensembles;
using Cleave.TestKit.Ensembles;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>Worst-fit-decreasing and the bounded greedy against the best of all matrices, on random instances; throughput is simulated.</summary>
internal sealed class AllocationQuality : IFamily
{
    private const double Most = 0.05;

    private static readonly (int Devices, int Models)[] Sizes = [(1, 4), (2, 2), (2, 3), (2, 4), (3, 2), (3, 3), (3, 4)];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        List<object> samples = [];
        List<double> below = [];
        foreach ((int devices, int models) in Sizes)
        {
            int wanted = options.Rounds((devices, models) == (3, 4) ? 6 : 24), found = 0;
            for (ulong seed = 1; found < wanted; seed++)
            {
                RandomEnsembles random = new(seed, devices, models, 8, 32);
                if (WorstFitDecreasing.Place(random.Problem) is not { Fits: true } start)
                    continue;
                found++;
                FoundAllocation result = AllocationSearch.Improve(random.Problem, start.Matrix, random.Simulator.Of, new());
                double optimum = random.Optimum();
                below.Add(1 - result.Throughput / optimum);
                samples.Add(new { devices, models, seed, start = random.Simulator.Of(start.Matrix), result.Throughput, result.Evaluations, optimum });
            }
        }
        yield return Line.Of(
            $"allocation against the best of all matrices, {below.Count} random instances up to 3 devices x 4 models (simulated)", "mean <= 5 % below",
            string.Create(CultureInfo.InvariantCulture, $"{below.Average() * 100:0.0} % below, {below.Max() * 100:0.0} % at most"), below.Average() <= Most, samples);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
