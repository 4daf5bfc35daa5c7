using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Runs of prepared models against runs of the same runner without.</summary>
internal sealed class PreparedSpeed : IFamily
{
    private const double Limit = 1.02;
    private const string Prepared = "prepared";
    private const string Plain = "plain";

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        IEnumerable<string> models = ModelCatalog.All.Where(m => options.Has(m.Name) && !m.HasConstantWeights && (!options.Quick || !m.IsBig)).Select(static m => m.Name);
        foreach ((string model, PreparedCase? found, string why) in PreparedCase.Of(models))
        {
            if (found is not { } prepared)
                continue;
            yield return Attempt.At("time of a run, prepared against plain: " + model, () => Measure(model, prepared, options));
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "speed-runner")
            return null;
        (Func<LooseRunner> create, RequestInputs inputs) = PreparedCase.Runner(arguments[1..], arguments[0].Length > 0 ? arguments[0] : null);
        LooseRunner runner = create();
        if (arguments[0].Length > 0)
            PreparedCase.Demand(runner);
        LooseCall call = runner.CreateCall(inputs);
        return new Repeated(() => call.Run(), 1, runner);
    }

    private static Line Measure(string model, PreparedCase prepared, Harness.BenchOptions options)
    {
        Candidate[] candidates = [new(Prepared, "speed-runner", [prepared.Folder, .. prepared.Arguments]) { IsJudged = true }, new(Plain, "speed-runner", ["", .. prepared.Arguments])];
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(() => Interleaved.Measure(candidates, options.Settings), static s => s.Ratio(Prepared, Plain), Limit);
        return Line.Of($"time of a run, prepared against plain: {model}", string.Create(CultureInfo.InvariantCulture, $"<= {Limit}x"),
            string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} ({samples.Median(Prepared) / 1e3:0.0} and {samples.Median(Plain) / 1e3:0.0} us)"), holds, samples);
    }
}
