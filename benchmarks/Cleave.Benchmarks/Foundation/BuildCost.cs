using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;

namespace Cleave.Benchmarks.Foundation;

/// <summary><c>dotnet build</c> after an edit that has nothing to do with models: a project with five of them against the same without the package.</summary>
internal sealed class BuildCost : IFamily
{
    private const string What = "dotnet build after an unrelated edit, five models: with minus without the package";
    private const string Target = "<= 250 ms";
    private static readonly string[] Models = ["dtln_1.onnx", "dtln_2.onnx", "ppocrv3_det_en.onnx", "ultraface_rfb_320.onnx", "ultraface_slim_320.onnx"];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (Models.Any(m => !File.Exists(SharedModels.PathOf(m))))
            return [Line.NotMeasured(What, Target, "the models are absent")];
        using BuildFolder folder = new([.. Models.Select(SharedModels.PathOf)]);
        Line server = Compare(folder, options.Rounds(10), "", What, Target);
        // A compiler that starts for this build alone compiles the generator's code, too.
        Line alone = Compare(folder, options.Rounds(5), "-p:UseSharedCompilation=false", "the same with a compiler that was just started", "");
        return [server, alone];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Compare(BuildFolder folder, int rounds, string argument, string what, string target)
    {
        string[] arguments = argument.Length == 0 ? [] : [argument];
        List<double> with = [];
        List<double> without = [];
        // The first round warms MSBuild and the compiler up.
        for (int round = 0; round <= rounds; round++)
        {
            double first, second;
            if (round % 2 == 0)
                (first, second) = (folder.Build("With", round, arguments), folder.Build("Without", round, arguments));
            else
                (second, first) = (folder.Build("Without", round, arguments), folder.Build("With", round, arguments));
            if (round > 0)
            {
                with.Add(first);
                without.Add(second);
            }
        }
        double added = Statistics.Median(with.Zip(without, (a, b) => a - b));
        string measured = $"{added:+0;-0;0} ms ({Statistics.Median(with):0} and {Statistics.Median(without):0} ms)";
        object samples = new { With = with, Without = without };
        return target.Length == 0 ? Line.Shown(what, measured, samples) : Line.Of(what, target, measured, added <= 250, samples);
    }
}
