using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Sample;

/// <summary>What a newcomer waits for.</summary>
internal sealed class SampleTime : IFamily
{
    private const double MostSeconds = 15;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        SampleProgram sample = SampleProgram.Run(Path.Combine(SharedModels.Repository, "build.sh"), ["sample"]);
        double seconds = sample.Time.TotalSeconds;
        yield return Line.Of("./build.sh sample, after setup and a first time", "<= 15 s", string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s{(sample.Code == 0 ? "" : "; it FAILED")}"),
            seconds <= MostSeconds && sample.Code == 0, sample);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
