using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Validation;

/// <summary><c>cleave validate</c> on all shared models, each in a process of its own, and again on what has not changed.</summary>
internal sealed class ValidationTime : IFamily
{
    private const string Target = "<= 60 s, all pass";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string[] models = [.. SharedModels.All.Where(options.Has).Select(SharedModels.PathOf)];
        if (models.Length == 0)
            return [Line.NotMeasured("validation of all shared models", Target, "the models are absent")];
        string cache = Directory.CreateTempSubdirectory("cleave-bench-").FullName;
        try
        {
            (double first, string[] failed) = Run(models, cache);
            (double again, _) = Run(models, cache);
            return
            [
                Line.Of($"validation of all {models.Length} shared models", Target, $"{first:0.0} s, {models.Length - failed.Length} pass", first <= 60 && failed.Length == 0, failed),
                Line.Shown("the same again, unchanged", $"{again:0.00} s", again),
            ];
        }
        finally
        {
            Directory.Delete(cache, recursive: true);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static (double Seconds, string[] Failed) Run(string[] models, string cache)
    {
        long began = Stopwatch.GetTimestamp();
        string output = ToolRun.Output(["validate", .. models, "--cache", cache]);
        return (Stopwatch.GetElapsedTime(began).TotalSeconds, [.. output.Split('\n').Where(l => l.Contains(": error "))]);
    }
}
