using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.TestKit.Generation;
using Cleave.Tool.Measuring;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Foundation;

/// <summary>Creating a runner against creating a session from the path.</summary>
internal sealed class CreationCost : IFamily
{
    private const string Target = "<= 1.1x, or <= 2 ms more";

    // What ONNX Runtime takes differs by a tenth from one process to the next; so several pairs of processes are compared.
    private const int Pairs = 5;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        (string Name, string Path)[] models =
        [
            ("ultraface_rfb_320", SharedModels.PathOf("ultraface_rfb_320.onnx")),
            ("dtln_1", SharedModels.PathOf("dtln_1.onnx")),
            ("light_densenet121", SharedModels.PathOf(Path.Combine("light", "light_densenet121.onnx"))),
            ("a model of 400 MB", SyntheticModels.Layers(layers: 300, width: 577)),
        ];
        foreach ((string name, string path) in models)
        {
            string what = name + ": new runner against new InferenceSession(path), median of 20 in each of 5 pairs of processes";
            if (!File.Exists(path))
            {
                yield return Line.NotMeasured(what, Target, "the model is absent");
                continue;
            }
            Candidate[] candidates = [new("session", "create-session", path), new("runner", "create-runner", path)];
            Samples samples = Samples.Join([.. Enumerable.Range(0, options.Rounds(Pairs))
                .Select(_ => Interleaved.Measure(candidates, options.Blocks(1)))]);
            double session = samples.Median("session") / 1e6;
            double runner = samples.Median("runner") / 1e6;
            Interval ratio = samples.Ratio("runner", "session"), more = samples.Difference("runner", "session").Over(1e6);
            string measured = $"{ratio.AsRatio()}, {more.Median:+0.0;-0.0;0.0} ms ({runner:0.0} and {session:0.0} ms)";
            yield return Line.Of(what, Target, measured, ratio.StaysWithin(1.1) || more.StaysWithin(2), samples);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        string path = arguments[0];
        switch (name)
        {
            case "create-session":
                return new Creation(() => new InferenceSession(path));
            case "create-runner":
                GeneratedModel model = TypedRunner.Generate(path);
                return new Creation(() => model.CreateRunner(new RunnerOptions { Model = ModelSource.File(path) }));
            default:
                return null;
        }
    }

    // Disposal is not timed.
    private sealed class Creation(Func<IDisposable> create) : IWorkload
    {
        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                IDisposable created = create();
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                created.Dispose();
            }
        }

        public void Dispose()
        {
        }
    }
}
