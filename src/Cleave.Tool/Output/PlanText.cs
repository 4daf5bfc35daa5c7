using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Tool.Planning;
using Cleave.Tool.Preparing;
using Spectre.Console;
using static Cleave.Tool.Output.PlainText;

namespace Cleave.Tool.Output;

/// <summary>Writes a plan for people. Text from the model is never parsed as markup.</summary>
internal static class PlanText
{
    private const int MostSegments = 60;
    private const int LongestCell = 100;

    public static void Write(PlanReport report, TextWriter output)
    {
        IAnsiConsole console = Terminal.For(output);
        string dims = report.Dims.Count == 0 ? "" : ", " + string.Join(", ", report.Dims.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.Key}={d.Value}")));
        Line(console, $"{report.Model}{dims}; predictions for {report.Device}");
        Line(console, $"{Count(report.Nodes, "node")} in {Count(report.Units, "unit")}; {Count(report.Paths, "path")}, merged to {Count(report.Clusters, "cluster")}");
        WriteRows(console, report);
        WritePlan(console, report.Plan);
        Line(console, Batches(report.Batch));
        Line(console, Memory(report.Memory));
        foreach (string note in report.Notes)
            Line(console, "note: " + note);
    }

    private static string Batches(PlanBatchReport batch) => batch.Dimension is not { } dimension
        ? "no batch axis: " + batch.Why + ". No requests run together, and no batch is divided"
        : $"batch axis: {dimension}. Requests may run together along it" + (batch.Divided ? ", and batches be divided" : "; batches are not divided: " + batch.Why);

    private static string Memory(PlanMemoryReport memory)
    {
        string plain = $"memory: {PrepareText.Megabytes(memory.WeightBytes)} of weights; the plan's sessions take about {PrepareText.Megabytes(memory.PlainBytes)}, and every further set of them as much again. ";
        return plain + (memory.PreparedBytes is { } mapped
            ? $"Prepared in {memory.PreparedFolders}: {PrepareText.Megabytes(mapped)}, once for all sessions and processes of this machine"
            : memory.PreparedFolders is { } folders
                ? $"Not prepared in {folders} for what is here (cleave prepare --list says for what)"
                : "Prepared (cleave prepare), all sessions and processes of a machine share one copy");
    }

    private static void WriteRows(IAnsiConsole console, PlanReport report)
    {
        Table table = Headed("cores", "plan", "lanes", "threads", "segments", "predicted", "one session", "why");
        foreach (PlanRowReport row in report.Rows)
        {
            Add(table, Number(row.Cores), Number(row.Plan), Number(row.Threads.Count), string.Join(" ", row.Threads.Select(Number)), Number(row.Segments),
                DurationText.Predicted(row.Nanoseconds), $"{DurationText.Predicted(row.WholeNanoseconds)} ({Number(row.WholeThreads)})", row.Why);
        }
        console.Write(table);
    }

    private static void WritePlan(IAnsiConsole console, PlanDetail plan)
    {
        Line(console, $"with {Number(plan.Cores)} {(plan.Cores == 1 ? "core" : "cores")}: {DurationText.Predicted(plan.Nanoseconds)}");
        if (plan.Recurrent is { } recurrent)
            Line(console, $"taken apart: {recurrent.What}; segments count the {Number(recurrent.Nodes)} nodes that are there then");
        Table table = Headed("segment", "lane", "name", "nodes", "begins", "takes", "critical");
        foreach ((SegmentReport segment, int i) in plan.Segments.Select((s, i) => (s, i)).Take(MostSegments))
        {
            Add(table, Number(i), plan.Lanes[segment.Lane].Name, segment.Name, Number(segment.NodeCount),
                DurationText.Predicted(segment.Start), DurationText.Predicted(segment.Nanoseconds), plan.CriticalPath.Contains(i) ? "yes" : "");
        }
        console.Write(table);
        if (plan.Segments.Count > MostSegments)
            Line(console, $"and {plan.Segments.Count - MostSegments} segments more; --json has all");
        if (plan.Cloned.Length > 0)
            Line(console, "nodes in several segments: " + plan.Cloned);
    }

    private static void Add(Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(c => new Text(Terminal.Safe(c, LongestCell))));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
