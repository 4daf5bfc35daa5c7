using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Generator;
using Cleave.TestKit.Generation;
using Cleave.Tool.Measuring;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Cleave.Benchmarks.Foundation;

/// <summary>The generator on a listing of 5,000 nodes: in a fresh process, as a compiler that was just started meets it, and after an unrelated edit.</summary>
internal sealed class GeneratorCost : IFamily
{
    // Three nodes each.
    private const int Layers = 1667;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = SyntheticModels.Layers(Layers, width: 16);
        double[] first = First(path, options.Rounds(7));
        double milliseconds = Statistics.Median(first);
        yield return Line.Of(
            "generator on a listing of 5,000 nodes, first run in a fresh process", "<= 500 ms",
            $"{milliseconds:0} ms ({first.Min():0} to {first.Max():0})", milliseconds <= 500, first);

        Samples edits = Interleaved.Measure([new("edit", "generator-edit", path)], options.Settings);
        // The workload ends with an error where anything was generated anew.
        yield return Line.Of(
            "the same after an unrelated edit", "cached", $"cached, {edits.Median("edit") / 1e6:0.00} ms", held: true, edits);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "generator-first" => new FirstRun(arguments[0]),
        "generator-edit" => new Edits(arguments[0]),
        _ => null,
    };

    private static double[] First(string path, int rounds) =>
    [
        .. Enumerable.Range(0, rounds).Select(_ =>
        {
            using WorkerProcess worker = new(Interleaved.Host, "generator-first", path);
            return worker.Block(1).Nanoseconds[0] / 1e6;
        }),
    ];

    private static CSharpGeneratorDriver NewDriver(string path)
    {
        ModelListing listing = ModelLister.List(path, new ListingOptions { Source = "layers.onnx" }, CancellationToken.None);
        BuildFile file = new("layers.graph", Compiling.Text(listing));
        return CSharpGeneratorDriver.Create(
            [new RunnerGenerator().AsSourceGenerator()], [file], Compiling.CSharp12, new BuildOptions(("RootNamespace", "Bench")),
            new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));
    }

    private static GeneratorDriverRunResult Checked(GeneratorDriver driver)
    {
        GeneratorDriverRunResult result = driver.GetRunResult();
        if (result.GeneratedTrees.IsEmpty || result.Diagnostics.Length > 0)
            throw new InvalidDataException("Nothing was generated. " + string.Join(' ', result.Diagnostics));
        return result;
    }

    private sealed class FirstRun(string path) : IWorkload
    {
        private readonly CSharpGeneratorDriver _driver = NewDriver(path);
        private readonly CSharpCompilation _project = Compiling.Project("class C { }");

        // Meaningful once: the second run finds every method compiled.
        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                GeneratorDriver driver = _driver.RunGenerators(_project);
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                Checked(driver);
            }
        }

        public void Dispose()
        {
        }
    }

    private sealed class Edits : IWorkload
    {
        private readonly CSharpCompilation _project = Compiling.Project("class C { }");
        private GeneratorDriver _driver;
        private int _edits;

        public Edits(string path)
        {
            _driver = NewDriver(path).RunGenerators(_project);
            Checked(_driver);
        }

        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                CSharpCompilation edited = _project.AddSyntaxTrees(CSharpSyntaxTree.ParseText($"class D{_edits++} {{ }}", Compiling.CSharp12));
                long start = Stopwatch.GetTimestamp();
                _driver = _driver.RunGenerators(edited);
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                ExpectCached(Checked(_driver));
            }
        }

        public void Dispose()
        {
        }

        private static void ExpectCached(GeneratorDriverRunResult result)
        {
            var reasons = result.Results.SelectMany(r => r.TrackedOutputSteps.Values).SelectMany(s => s).SelectMany(s => s.Outputs).Select(o => o.Reason).ToArray();
            if (reasons.Length == 0 || reasons.Any(r => r != IncrementalStepRunReason.Cached))
                throw new InvalidDataException("An unrelated edit made the generator run again: " + string.Join(' ', reasons));
        }
    }
}
