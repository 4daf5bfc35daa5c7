using System.Globalization;
using System.Linq;
using Cleave.Generator.Model;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Emit;

/// <summary>Writes the schedule: the values, the table of budgets, and one class for each plan with one method for each lane.</summary>
internal static class PlanEmitter
{
    private const int Contract = 1;
    private const int LongestComment = 200;
    private const int NamesOnOneLine = 8;
    private const int CommentColumn = 40;

    // One session gains nothing from more threads than the last row has.
    internal static readonly int[] Cores = [1, 2, 3, 4, 6, 8, 12, 16];

    // All static fields stand in this file, in the order in which they need each other: C# initializes them as they are written.
    public static void Write(SourceWriter code, RunnerSpec spec)
    {
        using (code.Open("partial class " + spec.Runner))
        {
            foreach (TensorSpec tensor in spec.Inputs.Concat(spec.Outputs))
                code.Line($"private static readonly global::Cleave.Generated.Value {tensor.Field} = {Describe(tensor)};");
            code.Line();
            WriteBudgets(code);
            code.Line();
            WriteDefinition(code, spec);
            code.Line();
            WriteWholePlan(code, spec);
        }
    }

    private static string Describe(TensorSpec tensor)
    {
        string name = SafeText.Literal(tensor.Name);
        if (!tensor.RankIsKnown)
            return $"global::Cleave.Generated.Value.TensorOfAnyShape<{tensor.Element}>({name})";
        return $"global::Cleave.Generated.Value.Tensor<{tensor.Element}>({string.Join(", ", tensor.Shape.Select(Dim).Prepend(name))})";
    }

    private static string Dim(DimSpec dim)
    {
        if (dim.Size is { } size)
            return size.ToString(CultureInfo.InvariantCulture);
        return dim.Symbol is { } symbol ? SafeText.Literal(symbol) : "global::Cleave.Generated.Dim.Unknown";
    }

    private static void WriteBudgets(SourceWriter code)
    {
        code.Line("// Thread budgets: the last row that fits the cores this process really has.");
        using (code.Open("private static readonly global::Cleave.Generated.Budget[] Budgets =", "};"))
        {
            code.Line("// cores, plan, threads of each lane".PadRight(CommentColumn) + "// why");
            for (int i = 0; i < Cores.Length; i++)
            {
                string why = i == 0 ? "// one core" : i == 1 ? "// one session" : i == Cores.Length - 1 ? "// one session gains nothing from more" : "";
                code.Line(($"new({Cores[i]}, WholePlan.Plan, {Cores[i]}),".PadRight(CommentColumn) + why).TrimEnd());
            }
        }
    }

    private static void WriteDefinition(SourceWriter code, RunnerSpec spec)
    {
        code.Line("private static readonly global::Cleave.Generated.ModelDefinition Definition = new(");
        code.Indent();
        code.Line($"contract: {Contract},");
        code.Line($"name: {SafeText.Literal(spec.ModelName)},");
        code.Line($"path: {SafeText.Literal(spec.OutputPath)},");
        code.Line($"hash: {SafeText.Literal(spec.Hash)},");
        WriteValues(code, "inputs: ", spec.Inputs, ",");
        WriteValues(code, "outputs: ", spec.Outputs, ",");
        code.Line("budgets: Budgets)" + (HasSettings(spec) ? "" : ";"));
        code.Unindent();
        if (!HasSettings(spec))
            return;
        code.Line("{");
        code.Indent();
        if (spec.Slicing is { } slicing)
            code.Line(slicing ? "Slicing = true," : "Slicing = false,");
        if (spec.Weights is { } weights)
            code.Line($"Weights = global::Cleave.WeightLoading.{weights},");
        code.Unindent();
        code.Line("};");
    }

    private static bool HasSettings(RunnerSpec spec) => spec.Slicing is not null || spec.Weights is not null;

    private static void WriteWholePlan(SourceWriter code, RunnerSpec spec)
    {
        code.Doc(spec.Nodes == "*" ? "<summary>The whole model in one session.</summary>" : "<summary>All that the chosen outputs need, in one session.</summary>");
        using (code.Open("private static class WholePlan"))
        {
            code.Line("private static readonly global::Cleave.Generated.Segment Whole = new(");
            code.Indent();
            code.Line("\"Whole\",");
            code.Line(SafeText.Literal(spec.Nodes) + ",");
            WriteValues(code, "reads: ", spec.Inputs, ",");
            WriteValues(code, "writes: ", spec.Outputs, ");");
            code.Unindent();
            code.Line();
            code.Line("internal static readonly global::Cleave.Generated.Plan Plan = new(\"Whole\", new[] { Whole }, Trunk);");
            code.Line();
            code.Line("// Lane 0: everything.");
            using (code.Open("private static void Trunk(global::Cleave.Generated.Lane lane)"))
                code.Line("lane.Run(Whole);".PadRight(CommentColumn) + "// " + SafeText.OneLine(spec.Facts.Nodes, LongestComment));
        }
    }

    private static void WriteValues(SourceWriter code, string name, EquatableArray<TensorSpec> tensors, string end)
    {
        if (tensors.Count == 0)
        {
            code.Line(name + "global::System.Array.Empty<global::Cleave.Generated.Value>()" + end);
            return;
        }
        if (tensors.Count <= NamesOnOneLine)
        {
            code.Line(name + "new[] { " + string.Join(", ", tensors.Select(t => t.Field)) + " }" + end);
            return;
        }
        code.Line(name + "new[]");
        code.Line("{");
        code.Indent();
        foreach (IGrouping<int, TensorSpec> row in tensors.Select((t, i) => (t, i)).GroupBy(p => p.i / NamesOnOneLine, p => p.t))
            code.Line(string.Join(", ", row.Select(t => t.Field)) + ",");
        code.Unindent();
        code.Line("}" + end);
    }
}
