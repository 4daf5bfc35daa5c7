using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Tool.Preparing;
using Cleave.Tool.Quantizing;
using Spectre.Console;
using static Cleave.Tool.Output.PlainText;

namespace Cleave.Tool.Output;

/// <summary>Writes what was quantised for people. Text from the model is never parsed as markup.</summary>
internal static class QuantizeText
{
    private const int MostRows = 40;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public static void Write(QuantizeReport report, TextWriter output)
    {
        IAnsiConsole console = Terminal.For(output);
        int chosen = report.Operators.Count(static o => o.WhyNot is null);
        Line(console, $"{report.Form}: {chosen} of {report.Operators.Count} operators in 8 bits");
        console.Write(Operators(report));
        if (report.Operators.Count > MostRows)
            Line(console, $"and {report.Operators.Count - MostRows} operators more; --json has all");
        Line(console, $"error (of {Number(report.MaxError)} allowed): {Error(report.HeldOut)} on {report.HeldOut.Inputs} inputs that nothing was chosen on; {Error(report.Search)} on the {report.Search.Inputs} others");
        if (report.Metric is { } metric)
            Line(console, string.Create(Invariant, $"metric: {metric} on the {report.HeldOut.Inputs} inputs that nothing was chosen on"));
        if (report.Gain is { } gain)
        {
            Line(console, string.Create(Invariant, $"{DurationText.Measured(gain.Before)} → {DurationText.Measured(gain.After)}, {gain.Ratio.Median:0.00} [{gain.Ratio.Low:0.00}, {gain.Ratio.High:0.00}] times as fast on one thread; ")
                + $"{PrepareText.Megabytes(report.ModelBytes)} → {PrepareText.Megabytes(report.OutputBytes)}");
        }
        foreach (string note in report.Notes)
            Line(console, "note: " + note);
        Line(console, report.LeftAlone is { } why ? $"left alone: {why}. Nothing was written" : "written: " + report.Output);
    }

    private static Table Operators(QuantizeReport report)
    {
        Table table = Headed("operator", "type", "weights", "error alone", "floats", "8 bits", "stays in floats because");
        foreach (QuantizedOperator one in report.Operators.OrderByDescending(static o => o.Floats - o.Bytes).Take(MostRows))
        {
            Add(table,
                one.Node, one.Type, one.Weights.ToString("N0", Invariant), one.Error is { } error ? Number(error) : "", one.Floats > 0 ? DurationText.Measured(one.Floats) : "",
                one.Bytes > 0 ? DurationText.Measured(one.Bytes) : "", one.WhyNot ?? "");
        }
        return table;
    }

    private static string Error(StatedError error) => string.Create(Invariant, $"worst {Number(error.Worst)}, median {Number(error.Median)}, cosine {error.Cosine:0.#####}, same top-1 in {error.Top1 * 100:0} % of the rows");

    private static string Number(double number) => number.ToString("0.####", Invariant);
}
