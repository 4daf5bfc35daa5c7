using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Parts;
using Cleave.Generator.Model;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Emit;

/// <summary>Writes the schedule: the values, the table of budgets, and one class for each plan with one method for each lane.</summary>
internal static class PlanEmitter
{
    private const int NamesOnOneLine = 8;

    // All static fields stand in this file, in the order in which they need each other: C# initializes them as they are written.
    public static void Write(SourceWriter code, RunnerSpec spec)
    {
        using (code.Open("partial class " + spec.Runner))
        {
            foreach (TensorSpec tensor in spec.Inputs.Concat(spec.Outputs))
                code.Line($"private static readonly global::Cleave.Generated.Value {tensor.Field} = {Describe(tensor.Name, tensor.Type, tensor.RankIsKnown, tensor.Shape, tensor.IsSteady)};");
            code.Line();
            WriteBudgets(code, spec);
            code.Line();
            WriteDefinition(code, spec);
            code.Line();
            WriteWholePlan(code, spec);
            foreach (PlanSpec plan in spec.Plans)
            {
                code.Line();
                SplitEmitter.Write(code, plan);
            }
        }
    }

    /// <summary>The expression that makes a value.</summary>
    public static string Describe(string name, ElementType type, bool rankIsKnown, EquatableArray<DimSpec> shape, bool isSteady) => (rankIsKnown
        ? $"global::Cleave.Generated.Value.Tensor<{TypeText.CSharp(type)}>({string.Join(", ", shape.Select(Dim).Prepend(SafeText.Literal(name)))})"
        : $"global::Cleave.Generated.Value.TensorOfAnyShape<{TypeText.CSharp(type)}>({SafeText.Literal(name)})")
        + (isSteady ? ".ShapedByInputs()" : "");

    /// <summary>An argument that is an array of values, by their fields.</summary>
    public static void WriteValues(SourceWriter code, string name, EquatableArray<string> fields, string end)
    {
        if (fields.Count == 0)
        {
            code.Line(name + "global::System.Array.Empty<global::Cleave.Generated.Value>()" + end);
            return;
        }
        if (fields.Count <= NamesOnOneLine)
        {
            code.Line(name + "new[] { " + string.Join(", ", fields) + " }" + end);
            return;
        }
        code.Line(name + "new[]");
        code.Line("{");
        code.Indent();
        foreach (IGrouping<int, string> row in fields.Select((f, i) => (f, i)).GroupBy(p => p.i / NamesOnOneLine, p => p.f))
            code.Line(string.Join(", ", row) + ",");
        code.Unindent();
        code.Line("}" + end);
    }

    private static string Dim(DimSpec dim)
    {
        if (dim.Size is { } size)
            return size.ToString(CultureInfo.InvariantCulture);
        return dim.Symbol is { } symbol ? SafeText.Literal(symbol) : "global::Cleave.Generated.Dim.Unknown";
    }

    private static void WriteBudgets(SourceWriter code, RunnerSpec spec)
    {
        code.Line("// Thread budgets: the last row that fits the cores this process really has.");
        code.Comment("Predicted for " + spec.PlannedFor + ".");
        using (code.Open("private static readonly global::Cleave.Generated.Budget[] Budgets =", "};"))
        {
            code.Row("// cores, plan, threads of each lane", "predicted");
            foreach (BudgetSpec budget in spec.Budgets)
            {
                string threads = string.Join(", ", budget.Threads.Select(t => t.ToString(CultureInfo.InvariantCulture)));
                code.Row($"new({budget.Cores.ToString(CultureInfo.InvariantCulture)}, {budget.Class}.Plan, {threads}),", budget.Comment);
            }
        }
    }

    private static void WriteDefinition(SourceWriter code, RunnerSpec spec)
    {
        code.Line("internal static readonly global::Cleave.Generated.ModelDefinition Definition = new(");
        code.Indent();
        code.Line($"contract: {GeneratedCode.Contract},");
        code.Line($"name: {SafeText.Literal(spec.ModelName)},");
        code.Line($"path: {SafeText.Literal(spec.OutputPath)},");
        code.Line($"hash: {SafeText.Literal(spec.Hash)},");
        WriteValues(code, "inputs: ", Fields(spec.Inputs), ",");
        WriteValues(code, "outputs: ", Fields(spec.Outputs), ",");
        code.Line("budgets: Budgets)" + (HasSettings(spec) ? "" : ";"));
        code.Unindent();
        if (!HasSettings(spec))
            return;
        code.Line("{");
        code.Indent();
        string[] options = [.. Options(spec)];
        if (options.Length > 0)
            code.Line("Options = new global::Cleave.RunnerOptions { " + string.Join(", ", options) + " },");
        if (spec.PlannedSizes.Count > 0)
            code.Line($"PlannedSizes = new[] {{ {string.Join(", ", spec.PlannedSizes.Select(s => s.ToString(CultureInfo.InvariantCulture)))} }},", "of " + string.Join(", ", spec.Symbols.Select(s => s.Name)));
        if (spec.Device is { } device)
        {
            code.Comment("Predicted: " + device.Comment + ".");
            string instead = device.FewerCoresThan is { } cores ? $" {{ FewerCoresThan = {cores.ToString(CultureInfo.InvariantCulture)} }}" : "";
            code.Line($"Device = new global::Cleave.Generated.DevicePlan({SafeText.Literal(device.Kind)}, {device.Class}.Plan, {string.Join(", ", device.Threads.Select(t => t.ToString(CultureInfo.InvariantCulture)))}){instead},");
        }
        if (spec.Batch is { } batch)
            WriteBatch(code, batch);
        else if (spec.NoBatch.Length > 0)
            code.Line($"NoBatch = {SafeText.Literal(spec.NoBatch)},");
        if (spec.Times.Count > 0)
            WriteTimes(code, spec.Times);
        code.Unindent();
        code.Line("};");
    }

    private static IEnumerable<string> Options(RunnerSpec spec)
    {
        if (spec.Slicing is { } slicing)
            yield return slicing ? "Slicing = true" : "Slicing = false";
        if (spec.Plan is { } plan)
            yield return "Plan = global::Cleave.PlanChoice." + plan;
        if (spec.Weights is { } weights)
            yield return "Weights = global::Cleave.WeightLoading." + weights;
        foreach (IGrouping<string, SettingSpec> group in spec.Settings.GroupBy(s => s.Owner, StringComparer.Ordinal))
        {
            string set = string.Join(", ", group.Select(s => s.Property + " = " + CSharp(s)));
            yield return group.Key.Length == 0 ? set : $"{group.Key} = new global::Cleave.{group.Key}Options {{ {set} }}";
        }
    }

    private static string CSharp(SettingSpec setting) => setting.Type switch
    {
        SettingSpec.Truth or SettingSpec.Number => setting.Value,
        SettingSpec.Bytes => setting.Value + "L",
        SettingSpec.Time => "global::System.TimeSpan.FromTicks(" + setting.Value + ")",
        SettingSpec.Text => SafeText.Literal(setting.Value),
        _ => "global::Cleave." + setting.Type + "." + setting.Value,
    };

    private static void WriteBatch(SourceWriter code, BatchSpec batch)
    {
        code.Line("// Samples stay apart along this dimension: its axis in each input, in each output.");
        string start = $"Batch = new({SafeText.Literal(batch.Dimension)}, {Axes(batch.Inputs)}, {Axes(batch.Outputs)}";
        if (batch.Gains.Count == 0)
        {
            code.Line(start + "),");
            return;
        }
        code.Line(start + ",");
        code.Indent();
        for (int i = 0; i < batch.Gains.Count; i++)
        {
            BatchGainSpec gain = batch.Gains[i];
            string times = gain.Gain.ToString("0.0#", CultureInfo.InvariantCulture), size = gain.Size.ToString(CultureInfo.InvariantCulture);
            string elements = gain.Elements.ToString(CultureInfo.InvariantCulture);
            code.Line($"new global::Cleave.Generated.BatchGain({elements}, {size}, {times}){(i < batch.Gains.Count - 1 ? "," : "),")}"
                + $" // of up to {elements} elements: {size} together are predicted to give {times}x the throughput of one by one");
        }
        code.Unindent();
    }

    private static void WriteTimes(SourceWriter code, EquatableArray<CallTimeSpec> calls)
    {
        string counts = string.Join(", ", CallPredictor.Counts.Select(c => c.ToString(CultureInfo.InvariantCulture)));
        code.Line("// Elements of a sample, samples of a call: microseconds predicted, by threads.");
        code.Line($"Times = new(new[] {{ {counts} }},");
        code.Indent();
        for (int i = 0; i < calls.Count; i++)
        {
            CallTimeSpec call = calls[i];
            string times = string.Join(", ", call.Microseconds.Select(Microseconds));
            code.Line($"new global::Cleave.Generated.PredictedTime({call.Elements.ToString(CultureInfo.InvariantCulture)}, {call.Samples.ToString(CultureInfo.InvariantCulture)}, {times})"
                + (i < calls.Count - 1 ? "," : "),"));
        }
        code.Unindent();
    }

    // "0.##" writes a whole number, and from some 1.8e19 on one that is too large for the compiler.
    private static string Microseconds(double time) => time.ToString(time < 1e15 ? "0.##" : "R", CultureInfo.InvariantCulture);

    private static string Axes(EquatableArray<int> axes) => axes.Count == 0
        ? "global::System.Array.Empty<int>()"
        : "new[] { " + string.Join(", ", axes.Select(a => a.ToString(CultureInfo.InvariantCulture))) + " }";

    private static bool HasSettings(RunnerSpec spec) =>
        Options(spec).Any() || spec.PlannedSizes.Count > 0 || spec.Device is not null || spec.Batch is not null || spec.NoBatch.Length > 0 || spec.Times.Count > 0;

    private static void WriteWholePlan(SourceWriter code, RunnerSpec spec)
    {
        code.Doc(spec.Nodes == "*" ? "<summary>The whole model in one session.</summary>" : "<summary>All that the chosen outputs need, in one session.</summary>");
        using (code.Open("private static class WholePlan"))
        {
            code.Line("private static readonly global::Cleave.Generated.Segment Whole = new(");
            code.Indent();
            code.Line("\"Whole\",");
            code.Line(SafeText.Literal(spec.Nodes) + ",");
            WriteValues(code, "reads: ", Fields(spec.Inputs), ",");
            WriteValues(code, "writes: ", Fields(spec.Outputs), ");");
            code.Unindent();
            code.Line();
            code.Line("internal static readonly global::Cleave.Generated.Plan Plan = new(\"Whole\", new[] { Whole }, Trunk);");
            code.Line();
            code.Line("// Lane 0: everything.");
            using (code.Open("private static void Trunk(global::Cleave.Generated.Lane lane)"))
                code.Row("lane.Run(Whole);", spec.Facts.Nodes);
        }
    }

    private static EquatableArray<string> Fields(EquatableArray<TensorSpec> tensors) => new([.. tensors.Select(t => t.Field)]);
}
