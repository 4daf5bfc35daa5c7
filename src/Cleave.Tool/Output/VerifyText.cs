using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Spectre.Console;
using static Cleave.Tool.Output.PlainText;

namespace Cleave.Tool.Output;

/// <summary>Writes what verify found for people. Text from the model is never parsed as markup.</summary>
internal static class VerifyText
{
    private const int MostOutputs = 30;
    private const int MostFailures = 10;
    private const int MostLost = 10;

    public static void Write(VerifyReport report, TextWriter output)
    {
        IAnsiConsole console = Terminal.For(output);
        PartitionReport[] split = [.. report.Partitions.Where(p => p.Kind != PartitionCheck.WholeKind)];
        Line(console, $"{report.Model}: {Count(report.Nodes, "node")} in {Count(report.Groups, "group")}; ONNX Runtime {report.OnnxRuntime}, {Count(report.Threads, "thread")}");
        string done = report.Verdict == Verdict.Unverifiable ? "ran" : "compared";
        Line(console, $"{done} {Count(split.Length, "partition")} ({split.Count(p => p.Kind == "plan")} as planned, {split.Count(p => p.Kind == "groups")} over groups, {split.Count(p => p.Kind == "nodes")} over nodes), "
            + $"{Count(report.Segments, "segment")}, {Count(report.CutValues, "cut value")}, on {Count(report.Inputs.Count, "input")}: {string.Join("; ", report.Inputs)}");
        WriteOutputs(console, report);
        WriteLost(console, split);
        if (report.Batch is { Dimension: { } dimension, Samples: > 0 } batch)
            Line(console, $"batch: {batch.Samples} samples along '{dimension}' together against one by one: apart by at most {(batch.Outputs.Values.MaxBy(o => o.OfRange) ?? OutputDifference.None).Apart()}");
        else if (report.Batch is { } none)
            Line(console, $"batch: not compared, {none.Reason}");
        WritePrecision(console, report.Precision);
        foreach (Failure failure in report.Failures.Take(MostFailures))
            Line(console, Describe(failure, report.InputSeed));
        if (report.Failures.Count > MostFailures)
            Line(console, $"and {report.Failures.Count - MostFailures} more; --json has all");
        foreach (string note in report.Notes)
            Line(console, "note: " + note);
        Line(console, "verdict: " + report.Verdict switch
        {
            Verdict.Equal when split.Length > 0 => "equal, however it is split",
            Verdict.Equal => "equal; a model of one node is not split",
            Verdict.Different => "DIFFERENT",
            Verdict.NothingSplit => "nothing was split, so nothing is proven",
            Verdict.NothingCompared => "nothing was compared, so nothing is proven",
            _ => "cannot be verified",
        });
    }

    private static void WriteOutputs(IAnsiConsole console, VerifyReport report)
    {
        if (report.Outputs.Count == 0)
            return;
        Table table = Headed("output", "largest difference of", "absolute", "relative", "of range", "ulp");
        foreach (OutputReport output in report.Outputs.Take(MostOutputs))
        {
            Row(output.Output, "whole model, optimised or not", output.Own);
            Row("", "plan of one segment", output.Whole);
            if (report.Partitions.Any(p => p.Kind == "plan"))
                Row("", "plans that are split", output.Plans);
            Row("", "partitions over groups", output.Groups);
            Row("", "partitions over nodes", output.Nodes);
            Row("", "all, nothing optimised", output.Unoptimised);
        }
        console.Write(table);
        if (report.Outputs.Count > MostOutputs)
            Line(console, $"and {report.Outputs.Count - MostOutputs} outputs more; --json has all");

        void Row(string output, string what, OutputDifference difference)
        {
            Add(table, [output, what, .. Cells(difference)]);
        }
    }

    // Where there is nothing to divide by, that is said instead.
    private static string[] Cells(OutputDifference difference) => difference switch
    {
        { SameBits: true } => ["same bits", "", "", ""],
        { Absolute: double.PositiveInfinity } => [difference.Apart(), "", "", ""],
        _ =>
        [
            Number(difference.Absolute),
            double.IsFinite(difference.Relative) ? Number(difference.Relative) : "beside a 0",
            double.IsFinite(difference.OfRange) ? Number(difference.OfRange) : "all of it is 0",
            Number(difference.Ulps),
        ],
    };

    private static void WriteLost(IAnsiConsole console, PartitionReport[] split)
    {
        PartitionReport[] audited = [.. split.Where(p => p.Lost != null)];
        if (audited.Length == 0)
            return;
        (PartitionReport Partition, LostFusion Fusion)[] lost = [.. audited.SelectMany(p => p.Lost!.Select(f => (p, f)))];
        Line(console, lost.Length == 0
            ? $"fusions: {audited.Length} plans and partitions over groups, none lost, at EXTENDED and at ALL"
            : $"fusions: {audited.Length} plans and partitions over groups, {audited.Count(p => p.Lost!.Count > 0)} of them lose some");
        foreach ((PartitionReport partition, LostFusion fusion) in lost.Take(MostLost))
            Line(console, $"  {(partition.Kind == "plan" ? "plan, cores" : "seed")} {partition.Seed}, {fusion.Level}: {fusion.Operator} {fusion.Split} times instead of {fusion.Whole}{Named(" (", fusion.Nodes, ")")}{Named(", cut at ", fusion.Cuts, "")}");
        if (lost.Length > MostLost)
            Line(console, $"  and {lost.Length - MostLost} more; --json has all");
    }

    private static void WritePrecision(IAnsiConsole console, PrecisionReport? precision)
    {
        if (precision is { WhyNot: { } why })
            Line(console, "floats of 16 bits: runners leave them as published, since " + why);
        foreach (OutputPrecision output in precision?.Outputs.Take(MostOutputs) ?? [])
            Line(console, $"floats of 16 bits: '{output.Output}' is apart from 32 bits on the same weights by {output.Published.Apart()} as published, by {output.Widened.Apart()} as runners compute it");
    }

    private static string Describe(Failure failure, ulong inputSeed)
    {
        List<string> parts = [failure.Kind == PartitionCheck.WholeKind ? "plan of one segment" : failure.Kind is "batch" or "widened" ? failure.Kind : failure.Kind == "plan" ? $"plan for {failure.Seed} cores"
            : $"partition over {failure.Kind} (again: --partitions 1 --seed {failure.Seed} --input-seed {inputSeed})"];
        if (failure.Segment != null)
            parts.Add(failure.Segment);
        if (failure.Output != null)
            parts.Add($"output '{failure.Output}'");
        if (failure.Input.Length > 0)
            parts.Add(failure.Input);
        parts.Add(failure.Optimised ? "all optimisations" : "nothing optimised");
        return $"{string.Join(", ", parts)}: {failure.What}";
    }

    private static string Named(string before, IReadOnlyList<string> names, string after) => names.Count == 0 ? "" : before + string.Join(", ", names) + after;

    private static string Number(double number) => number.ToString("g3", CultureInfo.InvariantCulture);
}
