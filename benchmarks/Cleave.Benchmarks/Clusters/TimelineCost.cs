using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>
/// What it costs to record a timeline: tiny segments in turn on two lanes, recorded and not. All of that cost is spent on
/// recording; a runner without a timeline asks only whether there is one.
/// </summary>
internal sealed class TimelineCost : IFamily
{
    private const string What = "a timeline of 20 tiny segments in two lanes, recorded, against none";
    private const string Workload = "timeline";
    private const string On = "recorded";
    private const string Off = "not recorded";
    private const int Pieces = 20;
    private const int Width = 16;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (Environment.ProcessorCount < 2)
            return [Line.NotMeasured(What, "", "there is one core")];
        string path = SyntheticModels.Layers(Pieces, Width);
        Samples samples = Interleaved.Measure([new(On, Workload, path, On), new(Off, Workload, path, Off)], options.Settings);
        Interval added = samples.Difference(On, Off);
        return
        [
            Line.Shown(What, string.Create(CultureInfo.InvariantCulture,
                $"{added.Median / Pieces:0} ns more a segment [{added.Low / Pieces:0}, {added.High / Pieces:0}] ({samples.Median(On) / 1e3:0.0} and {samples.Median(Off) / 1e3:0.0} us)"), samples),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != Workload)
            return null;
        ChainRunner runner = new(arguments[0], Pieces, Width, 1, [.. Enumerable.Range(0, Pieces).Select(i => i % 2)], arguments[1] == On ? new Timeline() : null);
        ChainRunner.Call call = runner.NewCall();
        return new Repeated(() => call.Run(), 1, runner);
    }
}
