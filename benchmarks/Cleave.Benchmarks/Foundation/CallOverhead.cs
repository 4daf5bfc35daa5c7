using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Foundation;

/// <summary>What a call costs over hand-written ONNX Runtime, on models so small that it shows.</summary>
internal sealed class CallOverhead : IFamily
{
    private const string Target = "<= 1.05x, 0 B";

    // So many calls make one timing: a few microseconds are too short for the clock.
    private const int ShortCalls = 100;
    private const int LongCalls = 10;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (Line line in Measure("dtln_1", SharedModels.PathOf("dtln_1.onnx"), LongCalls, options))
            yield return line;
        foreach (Line line in Measure("toy of 4 nodes", SyntheticModels.Toy(), ShortCalls, options))
            yield return line;
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "overhead-binding" => Workloads.Binding(arguments[0], Calls(arguments)),
        "overhead-call" => Workloads.Call(arguments[0], Calls(arguments)),
        "overhead-run" => Workloads.Run(arguments[0], Calls(arguments)),
        _ => null,
    };

    private static IEnumerable<Line> Measure(string model, string path, int calls, BenchOptions options)
    {
        string call = model + ": call.Run() against hand-written RunWithBinding";
        if (!File.Exists(path))
            return [Line.NotMeasured(call, Target, "the model is absent")];
        string count = calls.ToString(CultureInfo.InvariantCulture);
        Candidate[] candidates = [new("binding", "overhead-binding", path, count), new("call", "overhead-call", path, count) { IsJudged = true }, new("run", "overhead-run", path, count)];
        (Samples samples, _, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(candidates, options.Settings), s => s.Ratio("call", "binding"), limit: 1.05);
        double bytes = samples.BytesPerRun("call", calls);
        return
        [
            Line.Of(call, Target, Text(samples, "call", bytes), holds && bytes == 0, samples),
            Line.Shown(model + ": Run(input) against the same", Text(samples, "run", samples.BytesPerRun("run", calls)), samples),
        ];
    }

    private static int Calls(string[] arguments) => int.Parse(arguments[1], CultureInfo.InvariantCulture);

    private static string Text(Samples samples, string candidate, double bytes) =>
        $"{samples.Ratio(candidate, "binding").AsRatio()} (minima {samples.RatioOfMinima(candidate, "binding"):0.000}x; "
        + $"{samples.Median(candidate) / 1e3:0.00} and {samples.Median("binding") / 1e3:0.00} us), {bytes:0.#} B";
}
