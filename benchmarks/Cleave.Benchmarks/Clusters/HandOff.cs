using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>
/// What it costs to hand a value to another lane: the same tiny segments in turn on two lanes and on one, the difference
/// divided by the hand-offs. The run's start and end are counted in.
/// </summary>
internal sealed class HandOff : IFamily
{
    private const int Pieces = 20;
    private const int Width = 16;
    private const double Limit = 10_000;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        const string What = "hand-off between lanes that own their cores, p50";
        if (Environment.ProcessorCount < 2)
            return [Line.NotMeasured(What, "<= 10 us", "there is one core")];
        string path = SyntheticModels.Layers(Pieces, Width);
        Candidate[] candidates = [new("two lanes", "hand-off", path, "2"), new("one lane", "hand-off", path, "1")];
        (Samples samples, Interval added, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(candidates, options.Settings), s => s.Difference("two lanes", "one lane"), limit: Limit * (Pieces - 1));
        return
        [
            Line.Of(What, "<= 10 us", string.Create(CultureInfo.InvariantCulture,
                $"{added.Median / 1e3 / (Pieces - 1):0.00} us ({samples.Median("two lanes") / 1e3:0.0} and {samples.Median("one lane") / 1e3:0.0} us for {Pieces} segments)"), holds, samples),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "hand-off")
            return null;
        int lanes = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        ChainRunner runner = new(arguments[0], Pieces, Width, 1, [.. Enumerable.Range(0, Pieces).Select(i => i % lanes)]);
        ChainRunner.Call call = runner.NewCall();
        return new Repeated(() => call.Run(), 1, runner);
    }
}
