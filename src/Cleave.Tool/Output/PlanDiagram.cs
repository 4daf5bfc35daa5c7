using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Cost;
using Cleave.Tool.Planning;

namespace Cleave.Tool.Output;

/// <summary>A plan as a Mermaid flowchart: a box for each segment, a frame for each lane, thick arrows along the critical path.</summary>
internal static class PlanDiagram
{
    private const int LongestName = 40;

    public static void Write(PlanReport report, TextWriter output)
    {
        PlanDetail plan = report.Plan;
        output.Write("flowchart TB\n");
        for (int lane = 0; lane < plan.Lanes.Count; lane++)
        {
            output.Write(Invariant($"  subgraph lane{lane}[\"{Label(plan.Lanes[lane].Name)}, {plan.Lanes[lane].Threads} {(plan.Lanes[lane].Threads == 1 ? "thread" : "threads")}\"]\n"));
            for (int segment = 0; segment < plan.Segments.Count; segment++)
            {
                SegmentReport shown = plan.Segments[segment];
                if (shown.Lane == lane)
                    output.Write(Invariant($"    s{segment}[\"{Label(shown.Name)}<br/>{shown.NodeCount} {(shown.NodeCount == 1 ? "node" : "nodes")}, {DurationText.Predicted(shown.Nanoseconds)}\"]\n"));
            }
            output.Write("  end\n");
        }
        HashSet<(int, int)> critical = [.. plan.CriticalPath.Zip(plan.CriticalPath.Skip(1))];
        foreach ((int from, int to) in Arrows(plan).Distinct().Order())
            output.Write(Invariant($"  s{from} {(critical.Contains((from, to)) ? "==>" : "-->")} s{to}\n"));
    }

    // To each segment from those it reads from, and from the one before it on its lane.
    private static IEnumerable<(int From, int To)> Arrows(PlanDetail plan)
    {
        Dictionary<string, int> writers = [];
        Dictionary<int, int> before = [];
        for (int to = 0; to < plan.Segments.Count; to++)
        {
            SegmentReport segment = plan.Segments[to];
            if (before.TryGetValue(segment.Lane, out int last))
                yield return (last, to);
            before[segment.Lane] = to;
            foreach (string read in segment.Reads)
            {
                if (writers.TryGetValue(read, out int from))
                    yield return (from, to);
            }
            foreach (string write in segment.Writes)
                writers.Add(write, to);
        }
    }

    // Letters and digits of any kind, and what names of modules are made of: nothing that Mermaid or HTML gives a meaning to.
    private static string Label(string name)
    {
        StringBuilder label = new();
        foreach (char c in Terminal.Safe(name, LongestName))
            label.Append(char.IsLetterOrDigit(c) || " ./_-:,()…".Contains(c) ? c : '_');
        return label.ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
