using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;
using ModelInputs = Cleave.Tool.Benching.ModelInputs;

namespace Cleave.Benchmarks.Ledger;

/// <summary>Memory of a runner with nothing configured against one session of ONNX Runtime, and of four callers against one.</summary>
internal sealed class RunnerMemory : IFamily
{
    private const long LeastWeights = 20_000_000;
    private const int Runs = 100;
    private const int Processes = 5;
    private const int Callers = 4;
    private const string Instances = "bert_6x768";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string[] bert = Made.Arguments(Instances);
        double one = ResidentMemory.Median(options.Rounds(Processes), "runner-memory", ["1", .. bert]), four = ResidentMemory.Median(options.Rounds(Processes), "runner-memory", ["4", .. bert]);
        yield return Line.Of($"resident memory of {Callers} callers of one session (Hint = Throughput) against one caller: {Instances}", "<= 1.1x",
            string.Create(CultureInfo.InvariantCulture, $"{four / one:0.00}x ({four / 1e6:0} and {one / 1e6:0} MB)"), four <= 1.1 * one, new[] { four, one });
        foreach (CatalogModel model in ModelCatalog.All.Where(m => options.Has(m.Name) && !m.HasConstantWeights))
        {
            string[] arguments = Made.Arguments(model.Name);
            if (ModelReader.ReadFile(arguments[0]).Graph.Initializers.Sum(i => i.ByteSize) < LeastWeights)
                continue;
            double plain = ResidentMemory.Median(options.Rounds(Processes), "runner-session", arguments), ours = ResidentMemory.Median(options.Rounds(Processes), "runner-memory", ["0", .. arguments]);
            yield return Line.Of($"resident memory after {Runs} runs, nothing configured, one client, against one session: {model.Name}", "<= 1.15x",
                string.Create(CultureInfo.InvariantCulture, $"{ours / plain:0.00}x ({ours / 1e6:0} and {plain / 1e6:0} MB)"), ours <= 1.15 * plain, new[] { ours, plain });
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "runner-memory" => Runner(int.Parse(arguments[0], CultureInfo.InvariantCulture), arguments[1..]),
        "runner-session" => Session(arguments),
        _ => null,
    };

    // With 0 callers: one, and nothing is configured.
    private static ResidentMemory Runner(int callers, string[] arguments)
    {
        System.Func<Made> make = Made.Planned(arguments, new RunnerOptions { Hint = callers == 0 ? RunnerHint.Latency : RunnerHint.Throughput });
        return new ResidentMemory(1, () =>
        {
            Made made = make();
            return (() => made.Run(System.Math.Max(1, callers), Runs / System.Math.Max(1, callers)), made);
        });
    }

    private static ResidentMemory Session(string[] arguments)
    {
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = Tool.Benching.BenchOptions.ReadInputs(arguments[1..]);
        ModelInputs inputs = ModelInputs.For(ModelReader.ReadFile(arguments[0]), dims, fills);
        return new ResidentMemory(Runs, () =>
        {
            SessionCalls session = new(arguments[0], new OrtConfiguration(Contest.Cores, Spinning.Off, Parallel: false, Callers: 1), inputs);
            return (session.Calls[0], session);
        });
    }
}
