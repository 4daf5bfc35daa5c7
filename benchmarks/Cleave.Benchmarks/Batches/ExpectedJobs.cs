using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Tuning;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Loose;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>When a job's last part is expected to be over, against when it is: after <c>TuneAsync</c>, and by what parts of earlier jobs took.</summary>
internal static class ExpectedJobs
{
    // By then each size has run with each number of threads that it is given.
    private const int Jobs = 12;

    public static IEnumerable<Line> Measure(string encoder, BenchOptions options)
    {
        string path = ModelCatalog.Get(encoder).Write(ModelCatalog.Folder);
        (string Words, int[] Tokens)[] jobs = [("16 sentences of 16 to 256 tokens", [.. DividedJobs.Mixed]), ("64 sentences of 4 to 32 tokens", [.. DividedJobs.Brief])];
        foreach (PartWeights weights in new[] { PartWeights.Predicted, PartWeights.Measured })
        {
            File.Delete(path + TuningFile.Ending);
            using LooseRunner runner = JobWorkload.Unconfigured(path, new RunnerOptions { Parts = new() { Weights = weights } });
            double[] predicted = [.. jobs.Select(job => Expected(runner, job.Tokens))];
            string how = weights == PartWeights.Measured ? "by what parts took" : ExpectedLatencies.Tune(runner, path, options);
            for (int i = 0; i < jobs.Length; i++)
            {
                (List<double> taken, List<double> expected) = Run(runner, path, jobs[i].Tokens, options.Rounds(Jobs));
                yield return ExpectedLatencies.Row(
                    $"{jobs[i].Words}, {(weights == PartWeights.Measured ? "PartWeights.Measured" : "after TuneAsync")}: {encoder}", taken, expected,
                    string.Create(CultureInfo.InvariantCulture, $"{how}; {predicted[i] / 1e3:0.0} ms as predicted by the build"));
            }
        }
    }

    // What is expected right before each job; the first ones learn.
    private static (List<double> Taken, List<double> Expected) Run(LooseRunner runner, string path, int[] tokens, int rounds)
    {
        LooseRequest[] requests = [.. JobWorkload.Inputs(path, [.. tokens.Select(t => DividedJobs.Part(1, t))]).Select(runner.NewRequest)];
        List<double> taken = [], expected = [];
        for (int round = 0; round < 2 * rounds; round++)
        {
            double finish = Expected(runner, tokens);
            long start = Stopwatch.GetTimestamp();
            Array.ForEach(runner.RunManyAsync(requests).GetAwaiter().GetResult(), static o => o.Dispose());
            if (round < rounds)
                continue;
            taken.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            expected.Add(finish);
        }
        return (taken, expected);
    }

    private static double Expected(LooseRunner runner, int[] tokens)
    {
        RunnerEngine engine = runner.Engine;
        int batch = engine.Shapes.SymbolOf(engine.Definition.Batch!.Dimension);
        CallBuffers[] parts = [.. tokens.Select(length => engine.Pool.Rent([.. Enumerable.Range(0, engine.Shapes.Symbols).Select(symbol => symbol == batch ? 1 : length)]))];
        try
        {
            return engine.Jobs.Finish(parts, engine.Abreast);
        }
        finally
        {
            foreach (CallBuffers part in parts)
                part.Release(part.Generation);
        }
    }
}
