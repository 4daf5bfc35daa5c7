using System.Collections.Generic;
using System.Linq;
using Cleave.Core;
using Cleave.Generator.Model;

namespace Cleave.Generator.Emit;

/// <summary>Writes a plan of several lanes: one class, in it one method for each lane with one statement on a line, or a table where there are too many.</summary>
internal static class SplitEmitter
{
    /// <summary>What the class has beside the fields and methods that are called after the model.</summary>
    public static readonly string[] Members = ["Plan", "Segments", "Values", "Run", "Send", "Receive"];

    private const int StatementsOnOneLine = 8;
    private const string Parameter = "(global::Cleave.Generated.Lane lane)";

    public static void Write(SourceWriter code, PlanSpec plan)
    {
        code.Doc(plan.Segments.Any(s => s.Device is not null)
            ? "<summary>The model on an accelerator and the CPU.</summary>"
            : "<summary>The model on " + plan.Lanes.Count + " lanes.</summary>");
        using (code.Open("private static class " + plan.Class))
        {
            foreach (ValueSpec value in plan.Values)
                code.Line($"private static readonly global::Cleave.Generated.Value {value.Field} = {PlanEmitter.Describe(value.Name, value.Type, value.RankIsKnown, value.Shape, value.IsSteady)};");
            if (plan.Values.Count > 0)
                code.Line();
            foreach (SegmentSpec segment in plan.Segments)
            {
                WriteSegment(code, segment);
                code.Line();
            }
            if (plan.IsTable)
                WriteTables(code, plan);
            WritePlan(code, plan);
            foreach (LaneSpec lane in plan.Lanes)
            {
                code.Line();
                WriteLane(code, lane);
            }
        }
    }

    private static void WriteSegment(SourceWriter code, SegmentSpec segment)
    {
        string make = segment.Device is null ? "new" : "global::Cleave.Generated.Segment.OnDevice";
        code.Line($"private static readonly global::Cleave.Generated.Segment {segment.Field} = {make}(");
        code.Indent();
        code.Line(SafeText.Literal(segment.Name) + ",");
        code.Line(SafeText.Literal(segment.Nodes) + ",");
        PlanEmitter.WriteValues(code, "reads: ", segment.Reads, ",");
        PlanEmitter.WriteValues(code, "writes: ", segment.Writes, segment.Device is null ? ");" : ",");
        if (segment.Device is { } device)
            code.Line($"weightBytes: {NumberText.Of(device.WeightBytes)}, workspaceBytes: {NumberText.Of(device.WorkspaceBytes)});");
        code.Unindent();
    }

    private static void WritePlan(SourceWriter code, PlanSpec plan)
    {
        code.Line("internal static readonly global::Cleave.Generated.Plan Plan = new(");
        code.Indent();
        code.Line(SafeText.Literal(plan.Class) + ",");
        if (plan.IsTable)
        {
            code.Line("Segments,");
        }
        else
        {
            code.Line("new[]");
            code.Line("{");
            code.Indent();
            foreach (SegmentSpec segment in plan.Segments)
                code.Line(segment.Field + ",");
            code.Unindent();
            code.Line("},");
        }
        code.Line(string.Join(", ", plan.Lanes.Select(l => l.Method)) + (plan.Recurrent.Length == 0 ? ");" : ")"));
        code.Unindent();
        if (plan.Recurrent.Length == 0)
            return;
        code.Line("{");
        code.Indent();
        code.Line("// Recurrent nodes that are taken apart: node:steps/chunks, and the node whose input the state before the first step is made with. Segments count the nodes that are there then.");
        code.Line($"Recurrent = {SafeText.Literal(plan.Recurrent)},");
        code.Unindent();
        code.Line("};");
    }

    // Pairs of what to do and with which segment or value.
    private static void WriteTables(SourceWriter code, PlanSpec plan)
    {
        string[] segments = [.. plan.Segments.Select(s => s.Field)];
        string[] values = [.. plan.Lanes.SelectMany(l => l.Statements).Where(s => s.Call is LaneCall.Send or LaneCall.Receive).SelectMany(s => s.Fields).Distinct()];
        Dictionary<string, int> places = Enumerable.Concat(segments.Select((f, i) => (f, i)), values.Select((f, i) => (f, i))).ToDictionary(p => p.f, p => p.i);
        int count = plan.Lanes.Sum(l => l.Statements.Count);
        code.Line($"// {NumberText.Of(count)} statements, and over {NumberText.Of(PlanSpecBuilder.MostInCode)} nobody reads as code: each lane follows a table.");
        code.Line("// A statement is what it does and the place of its segment in Segments, or of its value in Values. 'cleave plan --json' lists them.");
        code.Line($"private const int Run = {NumberText.Of((int)LaneCall.Run)}, Send = {NumberText.Of((int)LaneCall.Send)}, Receive = {NumberText.Of((int)LaneCall.Receive)};");
        code.Line();
        WriteFields(code, "Segment", "Segments", segments);
        WriteFields(code, "Value", "Values", values);
        foreach (LaneSpec lane in plan.Lanes)
        {
            using (code.Open($"private static readonly int[] {lane.Table} =", "};"))
                WriteRows(code, lane.Statements.SelectMany(s => s.Fields.Select(f => $"{(s.Call == LaneCall.Launch ? LaneCall.Run : s.Call)}, {NumberText.Of(places[f])}")));
            code.Line();
        }
    }

    private static void WriteFields(SourceWriter code, string type, string name, string[] fields)
    {
        using (code.Open($"private static readonly global::Cleave.Generated.{type}[] {name} =", "};"))
            WriteRows(code, fields);
        code.Line();
    }

    private static void WriteRows(SourceWriter code, IEnumerable<string> cells)
    {
        foreach (IGrouping<int, string> row in cells.Select((c, i) => (c, i)).GroupBy(p => p.i / StatementsOnOneLine, p => p.c))
            code.Line(string.Join(", ", row) + ",");
    }

    private static void WriteLane(SourceWriter code, LaneSpec lane)
    {
        code.Comment(lane.Comment);
        using (code.Open("private static void " + lane.Method + Parameter))
        {
            if (lane.Table != null)
                code.Line($"lane.Follow(Segments, Values, {lane.Table});");
            else if (lane.Parts.Count == 0)
                WriteStatements(code, lane.Statements);
            foreach (string part in lane.Parts)
                code.Line(part + "(lane);");
        }
        for (int i = 0; i < lane.Parts.Count; i++)
        {
            code.Line();
            using (code.Open("private static void " + lane.Parts[i] + Parameter))
                WriteStatements(code, lane.Statements.Skip(i * PlanSpecBuilder.MostStatements).Take(PlanSpecBuilder.MostStatements));
        }
    }

    private static void WriteStatements(SourceWriter code, IEnumerable<StatementSpec> statements)
    {
        foreach (StatementSpec statement in statements)
            code.Row($"lane.{statement.Call}({string.Join(", ", statement.Fields)});", statement.Comment);
    }
}
