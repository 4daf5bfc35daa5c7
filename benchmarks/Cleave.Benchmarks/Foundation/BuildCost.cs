using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Foundation;

/// <summary><c>dotnet build</c> after an edit that has nothing to do with models: a project with five of them against the same without the package.</summary>
internal sealed class BuildCost : IFamily
{
    private const string What = "dotnet build after an unrelated edit, five models: with minus without the package";
    private const string Target = "<= 250 ms";

    // The compiler server needs a few builds to reach its speed.
    private const int WarmUps = 3;
    private static readonly string[] Models = ["dtln_1.onnx", "dtln_2.onnx", "ppocrv3_det_en.onnx", "ultraface_rfb_320.onnx", "ultraface_slim_320.onnx"];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (Models.Any(m => !File.Exists(SharedModels.PathOf(m))))
            return [Line.NotMeasured(What, Target, "the models are absent")];
        using BuildFolder folder = new([.. Models.Select(SharedModels.PathOf)]);
        return
        [
            // Said outright: an environment variable may have turned the compiler server off.
            Compare(folder, options.Rounds(10), shared: true, What),
            // A compiler that serves one build alone compiles the generator itself, too.
            Compare(folder, options.Rounds(10), shared: false, What + ", with a compiler that was just started"),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Compare(BuildFolder folder, int rounds, bool shared, string what)
    {
        string argument = "-p:UseSharedCompilation=" + (shared ? "true" : "false");
        List<double> with = [];
        List<double> without = [];
        for (int round = -WarmUps; round < rounds; round++)
        {
            // Another edit each time, also from one comparison to the next.
            string edit = $"{argument} {round}";
            double first, second;
            if (round % 2 == 0)
                (first, second) = (folder.Build("With", edit, argument), folder.Build("Without", edit, argument));
            else
                (second, first) = (folder.Build("Without", edit, argument), folder.Build("With", edit, argument));
            if (round >= 0)
            {
                with.Add(first);
                without.Add(second);
            }
        }
        double added = Statistics.Median(with.Zip(without, (a, b) => a - b));
        string measured = $"{added:+0;-0;0} ms ({Statistics.Median(with):0} and {Statistics.Median(without):0} ms)";
        return Line.Of(what, Target, measured, added <= 250, new { With = with, Without = without });
    }
}
