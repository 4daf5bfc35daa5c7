using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Tool.Preparing;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Quantizing.Search;
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
        Line(console, $"{report.Form}: {chosen} of {Count(report.Operators.Count, "operator")} in 8 bits");
        console.Write(Operators(report));
        if (report.Operators.Count > MostRows)
            Line(console, $"and {Count(report.Operators.Count - MostRows, "operator")} more; --json has all");
        string heldOut = Count(report.HeldOut.Inputs, "input") + (report.HeldOutWasChosenOn ? " that were held out first and then chosen on, too" : " that nothing was chosen on");
        Line(console, $"error (of {report.MaxError.ToString(Invariant)} allowed): {Error(report.HeldOut, report.MaxError)} on {heldOut}; {Error(report.Search, report.MaxError)} on the {Count(report.Search.Inputs, "other")}");
        if (report.Metric is { } metric)
            Line(console, string.Create(Invariant, $"metric: {metric} on the {heldOut}"));
        if (report.Gain is { } gain)
        {
            Line(console, string.Create(Invariant, $"{DurationText.Measured(gain.Before)} → {DurationText.Measured(gain.After)}, {gain.Ratio.Median:0.00} [{gain.Ratio.Low:0.00}, {gain.Ratio.High:0.00}] times as fast on one thread; ")
                + $"{PrepareText.Megabytes(report.ModelBytes)} → {PrepareText.Megabytes(report.OutputBytes)}");
        }
        foreach (string note in report.Notes)
            Line(console, "note: " + note);
        if (report.CurveFile is { } curve)
            Line(console, "curve: " + curve);
        Line(console, report.LeftAlone is { } why ? $"left alone: {why}. The model was not written" : "written: " + report.Output);
    }

    private static Table Operators(QuantizeReport report)
    {
        Table table = Headed("operator", "type", "weights", "error alone", "floats", "8 bits", "stays in floats because");
        foreach (QuantizedOperator one in report.Operators.OrderByDescending(static o => o.Floats - o.Bytes).Take(MostRows))
        {
            Add(table,
                one.Node, one.Type, one.Weights.ToString("N0", Invariant), one.Error is { } error ? ErrorText.Of(error) : "", one.Floats > 0 ? DurationText.Measured(one.Floats) : "",
                one.Bytes > 0 ? DurationText.Measured(one.Bytes) : "", one.WhyNot ?? "");
        }
        return table;
    }

    private static string Error(StatedError error, double budget) =>
        $"worst {ErrorText.Of(error.Worst, budget)}, median {ErrorText.Of(error.Median)}, cosine {ErrorText.Cosine(error.Cosine)}, same top-1 in {ErrorText.Top1(error.Top1)} of the rows";
}
