using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Schedule;

namespace Cleave.Core.Clustering;

/// <summary>Names for people: the module path of the weights, or else the path in the node's name, or else operator and node.</summary>
/// <param name="graph">The model; a plan for each core count names the same nodes.</param>
internal sealed class SegmentNames(PlanGraph graph)
{
    private static readonly char[] Separators = ['.', '/'];

    private readonly string?[] _modules = new string?[graph.Nodes.Count];

    /// <summary><c>features.0 to 7</c>: the first and the last module that have names.</summary>
    public string Of(int[] nodes)
    {
        if (nodes.Length == 0)
            return "nothing";
        int from = Array.FindIndex(nodes, HasWeights), to = Array.FindLastIndex(nodes, HasWeights);
        string first = from >= 0 ? WeightModule(nodes[from]) : NodeModule(nodes[0]);
        string last = from >= 0 ? WeightModule(nodes[to]) : NodeModule(nodes[nodes.Length - 1]);
        return first == last ? first : first + " to " + last.Substring(CommonPath(first, last));
    }

    private bool HasWeights(int node) => WeightModule(node).Length > 0;

    // Up to the last separator before the first difference.
    private static int CommonPath(string first, string last)
    {
        int path = 0;
        for (int i = 0; i < first.Length && i < last.Length && first[i] == last[i]; i++)
        {
            if (Array.IndexOf(Separators, first[i]) >= 0)
                path = i + 1;
        }
        return path < last.Length ? path : 0;
    }

    /// <summary>By lane: the first is the trunk, another is called after its segment of most nodes, of those with weights if there are any; no two alike.</summary>
    public string[] OfLanes(IReadOnlyList<PlanSegment> segments, IReadOnlyList<IReadOnlyList<Statement>> lanes)
    {
        HashSet<string> taken = new(StringComparer.Ordinal);
        return [.. lanes.Select((statements, i) => Unique(i == 0 ? "trunk" : Largest(statements)))];

        string Largest(IReadOnlyList<Statement> statements) =>
            statements.OfType<Statement.Run>().Select(r => segments[r.Segment])
                .OrderByDescending(s => Array.Exists(s.Nodes, HasWeights)).ThenByDescending(s => s.Nodes.Length).First().Name;

        string Unique(string name)
        {
            string unique = name;
            for (int number = 2; !taken.Add(unique); number++)
                unique = name + " (" + number.ToString(CultureInfo.InvariantCulture) + ")";
            return unique;
        }
    }

    private string WeightModule(int node) => _modules[node] ??= FindWeightModule(node);

    private string FindWeightModule(int node)
    {
        foreach (string read in graph.Index.Reads(node))
        {
            if (graph.Index.IsInitializer(read) && read.LastIndexOfAny(Separators) is > 0 and var end)
                return read.Substring(0, end);
        }
        return "";
    }

    private string NodeModule(int node)
    {
        Node named = graph.Nodes[node];
        if (named.Name.LastIndexOf('/') is > 0 and var end)
            return named.Name.Substring(0, end);
        // Exporters call a node after its operator, with a number.
        string name = named.Name.Trim('/');
        return name.StartsWith(named.OpType, StringComparison.Ordinal) ? name
            : named.OpType + " " + (name.Length > 0 ? name : node.ToString(CultureInfo.InvariantCulture));
    }
}
