using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Generator.Model;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Resident memory that a runner of a split plan adds to a process, against that of one session of ONNX Runtime.</summary>
internal sealed class SplitMemory : IFamily
{
    private const string Target = "<= 1.15x";
    private const double Limit = 1.15;
    private const long LeastWeights = 20_000_000;
    private const int Runs = 100;
    private const int Cores = 2;
    private const int Processes = 5;

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach (CatalogModel model in ModelCatalog.All.Where(m => !m.HasConstantWeights && options.Has(m.Name)))
        {
            string path = model.Write(ModelCatalog.Folder);
            if (WeightBytes(path) < LeastWeights)
                continue;
            string[] arguments = [path, .. Contest.Inputs(model).InputArguments];
            if (LooseDefinition.SpecOf(path, ModelReader.ReadFile(path), new ListingOptions { Plan = "Split" }).Plans.Count == 0)
                continue;
            double session = Median(options, "memory-session", arguments);
            foreach (WeightLoading weights in new[] { WeightLoading.Copy, WeightLoading.Map })
            {
                double split = Median(options, "memory-split", [weights.ToString(), .. arguments]);
                string what = $"resident memory after 100 runs, forced split on {Cores} cores, Weights = {weights}, against one session: {model.Name}";
                yield return Line.Of(what, Target, string.Create(CultureInfo.InvariantCulture,
                    $"{split / session:0.00}x ({split / 1e6:0} and {session / 1e6:0} MB)"), split <= Limit * session, new[] { split, session });
            }
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "memory-split" => Split(Enum.Parse<WeightLoading>(arguments[0]), arguments[1..]),
        "memory-session" => HeldMemory.OfSession(Runs, Cores, arguments),
        _ => null,
    };

    private static double Median(Harness.BenchOptions options, string workload, string[] arguments) =>
        HeldMemory.Median(options.Rounds(Processes), workload, arguments).Resident;

    // Planning is done by the compiler: what it leaves in memory is not the runner's.
    private static HeldMemory Split(WeightLoading weights, string[] arguments)
    {
        OnnxModel model = ModelReader.ReadFile(arguments[0]);
        RequestInputs inputs = Inputs(model, arguments);
        RunnerSpec spec = LooseDefinition.SpecOf(arguments[0], model, new ListingOptions { Plan = "Split" });
        return new HeldMemory(Runs, () =>
        {
            LooseRunner runner = new(arguments[0], spec, new RunnerOptions { Cores = Cores, Plan = PlanChoice.Split, Weights = weights });
            LooseCall call = runner.CreateCall(inputs);
            return (() => call.Run(), runner);
        });
    }

    private static RequestInputs Inputs(OnnxModel model, string[] arguments)
    {
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = Tool.Benching.BenchOptions.ReadInputs(arguments[1..]);
        return RequestInputs.For(model, dims, fills);
    }

    private static long WeightBytes(string path) => ModelReader.ReadFile(path).Graph.Initializers.Sum(i => i.ByteSize);
}
