using System.Globalization;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Spectre.Console;
using static Cleave.Tool.Output.PlainText;

namespace Cleave.Tool.Benching;

/// <summary>Writes what was measured for people. Text from the model is never parsed as markup.</summary>
internal static class BenchText
{
    private const int LongestError = 400;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public static void Write(BenchReport report, IAnsiConsole console)
    {
        MachineReport machine = report.Machine;
        Line(console, string.Create(Invariant, $"{Count(machine.Cores, "core")}, {machine.System} {machine.Processor}, ONNX Runtime {machine.OnnxRuntime}, {machine.Runtime}"));
        foreach (InputReport input in report.Inputs)
            Line(console, $"input {Terminal.Safe(input.Name)}: {input.Type} [{string.Join(", ", input.Shape)}]");
        foreach (DimensionSize dimension in report.Dimensions)
            Line(console, $"dimension {Terminal.Safe(dimension.Name)} = {dimension.Size.ToString(Invariant)}{(dimension.Given ? "" : " (not given: --dims)")}");
        if (report.Dimensions.Any(d => !d.Given))
            Line(console, "Sizes that were not given are made up, and all times depend on them: give those of your application.");
        Line(console, "cleaned: " + Terminal.Safe(report.Cleaning));
        foreach (LoadReport load in report.Loads)
            WriteLoad(load, console);
        if (report.DiscardedRounds > 0)
            Line(console, string.Create(Invariant, $"{report.DiscardedRounds} {(report.DiscardedRounds == 1 ? "round does" : "rounds do")} not count: a thread of a parked candidate ran."));
        foreach (LoadReport load in report.Loads.Where(l => l.Conclusion.Length > 0))
            Line(console, load.Conclusion);
        if (report.Quick)
            Line(console, "This was a trial (--quick): it shows that everything works. Its numbers are no measurement.");
    }

    private static void WriteLoad(LoadReport load, IAnsiConsole console)
    {
        console.WriteLine();
        Line(console, load.Callers == 1 ? "One request at a time" : string.Create(Invariant, $"{load.Callers} callers at once, one session (time per request; p99: what a request waits)"));
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumns("candidate", "file", "median", "min", "p99", "CPU per call", "time / best of ONNX Runtime");
        foreach (CandidateReport row in load.Candidates)
        {
            string[] cells = row.Error != null
                ? [row.Name, row.File, "failed", "", "", "", ""]
                : [row.Name, row.File, Time(row.Median), Time(row.Minimum), Time(row.Percentile99), Time(row.Cpu), row.RatioToBest is Interval ratio ? Ratio(row, ratio, load) : ""];
            table.AddRow(cells.Select(c => new Text(c, row.Cleave ? new Style(decoration: Decoration.Bold) : null)));
        }
        console.Write(table);
        foreach (string error in load.Candidates.Select(c => c.Error).OfType<string>().Distinct())
            Line(console, "failed: " + Terminal.Safe(error, LongestError));
        if (load.Candidates.All(c => c.Error != null))
            Line(console, "Nothing ran. Inputs are made up: where the model wants certain sizes or numbers, give them with --dims and --input.");
    }

    private static string Ratio(CandidateReport row, Interval ratio, LoadReport load) =>
        load.Best == $"{row.Name}, {row.File} file" ? "the best" : ratio.AsRatio();

    private static string Time(double? nanoseconds) => nanoseconds is { } time ? DurationText.Measured(time) : "";
}
