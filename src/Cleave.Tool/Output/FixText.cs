using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Tool.Benching;
using Cleave.Tool.Fixing;
using Spectre.Console;

namespace Cleave.Tool.Output;

/// <summary>Writes what was fixed for people. Text from the model is never parsed as markup.</summary>
internal static class FixText
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public static void Write(FixReport report, TextWriter output)
    {
        IAnsiConsole console = Terminal.For(output);
        if (report.Changes.Count == 0)
        {
            Line(console, $"{report.Model}: there is nothing to fix; {report.Output} is a copy of it");
            WriteNotes();
            return;
        }
        Table table = new() { Border = TableBorder.Simple };
        foreach (string heading in new[] { "change", "how many", "before", "after", "times as fast" })
            table.AddColumn(new TableColumn(new Text(heading)));
        foreach (FixChange change in report.Changes)
            Row(change.What, change.Count.ToString(Invariant), change.Gain);
        if (report.Changes.Count > 1)
            Row("all", "", report.Gain);
        console.Write(table);
        if (report.Gain != null)
            Line(console, $"a short measurement of ONNX Runtime {report.OnnxRuntime}, one thread, with 95 % certainty between the bounds; cleave bench measures thoroughly");
        Line(console, $"compared on {string.Join("; ", report.Inputs)}, two seeds: {Equality(report)}");
        if (report.Batch is { } batch)
            Line(console, $"batch '{batch.Dimension}': proven; {batch.Samples} samples together against one by one at most {Number(batch.Outputs.Values.Max(o => o.OfRange))} of an output's range apart");
        WriteNotes();
        Line(console, "written: " + report.Output);

        void WriteNotes()
        {
            foreach (string note in report.Notes)
                Line(console, "note: " + note);
        }

        void Row(string what, string count, FixGain? gain) => table.AddRow(new[]
        {
            what, count, gain is null ? "" : Conclusion.Time(gain.Before), gain is null ? "" : Conclusion.Time(gain.After),
            gain is null ? "" : string.Create(Invariant, $"{gain.Ratio.Median:0.00} [{gain.Ratio.Low:0.00}, {gain.Ratio.High:0.00}]"),
        }.Select(c => new Text(Terminal.Safe(c))));
    }

    private static string Equality(FixReport report) => report.Outputs.All(o => o.Difference.SameBits)
        ? "the same bits"
        : $"equal, at most {Number(report.Outputs.Max(o => o.Difference.OfRange))} of an output's range apart";

    private static string Number(double number) => number.ToString("g3", Invariant);

    private static void Line(IAnsiConsole console, string text)
    {
        console.Write(new Text(Terminal.Safe(text)));
        console.WriteLine();
    }
}
