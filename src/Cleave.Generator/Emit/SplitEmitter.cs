using System.Collections.Generic;
using System.Linq;
using Cleave.Generator.Model;

namespace Cleave.Generator.Emit;

/// <summary>Writes a plan of several lanes: one class, in it one method for each lane with one statement on a line.</summary>
internal static class SplitEmitter
{
    private const string Parameter = "(global::Cleave.Generated.Lane lane)";

    public static void Write(SourceWriter code, PlanSpec plan)
    {
        code.Doc("<summary>The model on " + plan.Lanes.Count + " lanes" + ".</summary>");
        using (code.Open("private static class " + plan.Class))
        {
            foreach (ValueSpec value in plan.Values)
                code.Line($"private static readonly global::Cleave.Generated.Value {value.Field} = {PlanEmitter.Describe(value.Name, value.Type, value.RankIsKnown, value.Shape)};");
            if (plan.Values.Count > 0)
                code.Line();
            foreach (SegmentSpec segment in plan.Segments)
            {
                WriteSegment(code, segment);
                code.Line();
            }
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
        code.Line($"private static readonly global::Cleave.Generated.Segment {segment.Field} = new(");
        code.Indent();
        code.Line(SafeText.Literal(segment.Name) + ",");
        code.Line(SafeText.Literal(segment.Nodes) + ",");
        PlanEmitter.WriteValues(code, "reads: ", segment.Reads, ",");
        PlanEmitter.WriteValues(code, "writes: ", segment.Writes, ");");
        code.Unindent();
    }

    private static void WritePlan(SourceWriter code, PlanSpec plan)
    {
        code.Line("internal static readonly global::Cleave.Generated.Plan Plan = new(");
        code.Indent();
        code.Line(SafeText.Literal(plan.Class) + ",");
        code.Line("new[]");
        code.Line("{");
        code.Indent();
        foreach (SegmentSpec segment in plan.Segments)
            code.Line(segment.Field + ",");
        code.Unindent();
        code.Line("},");
        code.Line(string.Join(", ", plan.Lanes.Select(l => l.Method)) + ");");
        code.Unindent();
    }

    private static void WriteLane(SourceWriter code, LaneSpec lane)
    {
        code.Line("// " + lane.Comment);
        using (code.Open("private static void " + lane.Method + Parameter))
        {
            if (lane.Parts.Count == 0)
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
            code.Line($"lane.{statement.Kind}({string.Join(", ", statement.Fields)});".PadRight(PlanEmitter.CommentColumn) + "// " + statement.Comment);
    }
}
