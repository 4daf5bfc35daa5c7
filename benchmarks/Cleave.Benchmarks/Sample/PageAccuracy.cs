using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Sample;

/// <summary>How well the sample's committed models read pages that training never saw.</summary>
internal sealed class PageAccuracy : IFamily
{
    private static readonly string[] Recognizers = ["recognizer_a", "recognizer_b", "recognizer_c"];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        SampleProgram program = SampleProgram.Training("measure");
        double[] members = [.. Recognizers.Select(r => Number(program, r))];
        double ensemble = Number(program, "ensemble");
        yield return Line.Of("characters right on held-out generated pages: each recogniser", ">= 97 %", string.Join(", ", members.Select(Percent)), members.Min() >= 0.97, members);
        yield return Line.Of("characters right on held-out generated pages: the ensemble", "more than its best member", $"{Percent(ensemble)} against {Percent(members.Max())}", ensemble > members.Max(), ensemble);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static double Number(SampleProgram program, string name) => double.Parse(program.Value(name), CultureInfo.InvariantCulture);

    private static string Percent(double part) => (part * 100).ToString("0.00", CultureInfo.InvariantCulture) + " %";
}
