using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Benchmarks.Prepared;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Ledger;

/// <summary>One client whose sentences have any length: against the static set-ups, of which none is the best for all lengths.</summary>
internal sealed class RandomSizes : IFamily
{
    private const string Ours = "Cleave";
    private const int Requests = 40;
    private static readonly (string Model, int Longest)[] Cases = [("bert_4x384", 16), ("bert_4x384", 256)];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach ((string model, int longest) in Cases)
        {
            if (!options.Has(model))
                continue;
            string[] arguments = [longest.ToString(CultureInfo.InvariantCulture), .. PlannedRunner.Arguments(model)];
            Candidate[] candidates =
            [
                new(Ours, "random-runner", arguments) { IsJudged = true },
                .. OrtConfiguration.List(Cleave.Tool.Benching.BenchOptions.DefaultThreads(BenchRun.Cores), [1]).Where(static c => !c.Parallel)
                    .Select(c => new Candidate(c.Name, "random-session", [.. c.ToArguments(), .. arguments])),
            ];
            (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
                () => Interleaved.Measure(candidates, options.Settings with { WarmUp = TimeSpan.FromSeconds(options.Quick ? 1 : 8), LeastCalls = 3, MostCalls = 3 }), s => s.Ratio(Ours, Best(s)), limit: 1 / 0.95);
            string list = string.Join(", ", samples.Blocks.Keys.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k} {samples.Median(k) / 1e6:0.00} ms")));
            yield return Line.Of($"{model}, one client, sentences of 1 to {longest} tokens, as many of each octave: throughput against the best static set-up", ">= 0.95x",
                string.Create(CultureInfo.InvariantCulture, $"{1 / ratio.Median:0.00}x [{1 / ratio.High:0.00}, {1 / ratio.Low:0.00}] of {Best(samples)} ({list})"), holds, samples);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "random-runner" => OfRunner(arguments),
        "random-session" => OfSession(OrtConfiguration.Parse(arguments), arguments[4..]),
        _ => null,
    };

    private static string Best(Samples samples) => samples.Blocks.Keys.Where(static k => k != Ours).MinBy(samples.Median)!;

    private static Mixed OfRunner(string[] arguments)
    {
        (Func<LooseRunner> create, _) = BenchWorkloads.Planned(arguments[1..], new RunnerOptions());
        LooseRunner runner = create();
        return new Mixed(arguments, inputs => runner.Run(runner.NewRequest(inputs)).Dispose(), runner);
    }

    private static Mixed OfSession(OrtConfiguration configuration, string[] arguments)
    {
        using SessionOptions options = configuration.Options();
        HandSession session = new(arguments[1], [], options);
        return new Mixed(arguments, Run, session);

        void Run(RequestInputs inputs)
        {
            IReadOnlyList<(string Name, NativeTensor Tensor)> tensors = HandSession.Tensors(inputs);
            session.Run(tensors);
            foreach ((_, NativeTensor tensor) in tensors)
                tensor.Dispose();
        }
    }

    /// <summary>Each timing is that of many requests of any length, divided by their number; the same lengths in all candidates.</summary>
    private sealed class Mixed(string[] arguments, Action<RequestInputs> run, IDisposable owner) : IWorkload
    {
        private readonly Random _random = new(5);
        private readonly double _octaves = Math.Log(int.Parse(arguments[0], CultureInfo.InvariantCulture) + 1.0);
        private readonly OnnxModel _model = ModelReader.ReadFile(arguments[1]);

        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                long ticks = 0;
                // Every timing has as many of each length, in any order.
                int[] order = [.. Enumerable.Range(0, Requests)];
                _random.Shuffle(order);
                foreach (int place in order)
                {
                    RequestInputs inputs = Sentence((place + _random.NextDouble()) / Requests);
                    long start = Stopwatch.GetTimestamp();
                    run(inputs);
                    ticks += Stopwatch.GetTimestamp() - start;
                }
                nanoseconds[i] = ticks * (1e9 / Stopwatch.Frequency) / Requests;
            }
        }

        public void Dispose() => owner.Dispose();

        private RequestInputs Sentence(double part) => RequestInputs.For(_model, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["batch"] = "1",
            ["sequence"] = ((int)Math.Exp(part * _octaves)).ToString(CultureInfo.InvariantCulture),
        }, new Dictionary<string, string>());
    }
}
