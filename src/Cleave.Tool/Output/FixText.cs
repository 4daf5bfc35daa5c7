using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Tool.Fixing;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Spectre.Console;
using static Cleave.Tool.Output.PlainText;

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
        console.Write(Changes(report));
        if (IsMeasured(report))
            Line(console, $"a short measurement of ONNX Runtime {report.OnnxRuntime}, one thread, with 95 % certainty between the bounds; cleave bench measures thoroughly");
        Line(console, $"compared on inputs: {string.Join("; ", report.Inputs.Select(i => report.Given.Contains(i) ? i : i + " (two seeds)"))}: {Compared(report)}");
        if (report.Batch is { } batch)
            Line(console, $"batch '{batch.Dimension}': proven; {batch.Samples} samples together against one by one: {Equality(batch.Outputs.Values)}");
        WriteNotes();
        Line(console, "written: " + report.Output);

        void WriteNotes()
        {
            foreach (string note in report.Notes)
                Line(console, "note: " + note);
        }
    }

    private static Table Changes(FixReport report)
    {
        Table table = Headed(IsMeasured(report) ? ["change", "how many", "before", "after", "times as fast"] : new[] { "change", "how many" });
        foreach (FixChange change in report.Changes)
            Add(table, [change.What, change.Count.ToString(Invariant), .. Cells(change.Gain)]);
        if (report.Changes.Count > 1 && report.Gain != null)
            Add(table, ["all", "", .. Cells(report.Gain)]);
        return table;
    }

    // ONNX Runtime may refuse the published file, or one on the way.
    private static bool IsMeasured(FixReport report) => report.Gain != null || report.Changes.Any(c => c.Gain != null);

    private static string[] Cells(Gain? gain) => gain is null ? [] :
    [
        DurationText.Measured(gain.Before), DurationText.Measured(gain.After),
        string.Create(Invariant, $"{gain.Ratio.Median:0.00} [{gain.Ratio.Low:0.00}, {gain.Ratio.High:0.00}]"),
    ];

    private static string Compared(FixReport report) => report.Changes.Any(static c => c.Kind == ModelFix.Widened) && report.Outputs.Any(static o => !o.Difference.SameBits)
        ? $"no further from 32 bits than the published file, from which an output is at most {report.Outputs.MaxBy(static o => o.Difference.OfRange)!.Difference.Apart()} apart"
        : Equality(report.Outputs.Select(static o => o.Difference));

    private static string Equality(IEnumerable<OutputDifference> differences) => differences.All(d => d.SameBits)
        ? "the same bits"
        : $"equal; of an output at most {differences.MaxBy(d => d.OfRange)!.Apart()} apart";
}
