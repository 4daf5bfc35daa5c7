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
        const string What = "./build.sh sample in a fresh clone, after setup";
        if (options.Quick)
        {
            yield return Line.NotMeasured(What, "<= 15 s", "it takes minutes");
            yield break;
        }
        string clone = Directory.CreateTempSubdirectory("cleave-clone-").FullName;
        try
        {
            string build = Path.Combine(clone, "build.sh");
            SampleProgram cloned = SampleProgram.Run("git", ["clone", "--quiet", SharedModels.Repository, clone]);
            SampleProgram setup = cloned.Code == 0 ? SampleProgram.Run(build, ["setup"]) : cloned;
            if (setup.Code != 0)
            {
                yield return Line.NotMeasured(What, "<= 15 s", "the clone or its setup failed: " + string.Join(' ', setup.Lines));
                yield break;
            }
            yield return Line.Shown("./build.sh setup in a fresh clone, which packs", Text(setup), setup);
            SampleProgram first = SampleProgram.Run(build, ["sample"]), again = SampleProgram.Run(build, ["sample"]);
            yield return Line.Of(What, "<= 15 s", Text(first), first.Time.TotalSeconds <= MostSeconds && first.Code == 0, first);
            yield return Line.Shown("the same once more", Text(again), again);
        }
        finally
        {
            Directory.Delete(clone, recursive: true);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static string Text(SampleProgram sample) => string.Create(CultureInfo.InvariantCulture, $"{sample.Time.TotalSeconds:0.0} s{(sample.Code == 0 ? "" : "; it FAILED")}");
}
