using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Generated;

namespace Cleave.Sessions;

/// <summary>Tells in messages which nodes a segment has.</summary>
internal static class SegmentNodes
{
    private const int MostNamed = 8;

    /// <summary>The names of the first nodes of a part of a model, or their operators; empty for the whole model.</summary>
    public static string Describe(OnnxModel model, Segment segment)
    {
        if (segment.IsWhole)
            return "";
        List<int> nodes = NodeRanges.Read(segment.Nodes, model.Graph.Nodes.Count);
        IEnumerable<string> names = nodes.Take(MostNamed).Select(i => model.Graph.Nodes[i]).Select(static n => n.Name.Length > 0 ? n.Name : n.OpType);
        string more = nodes.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $", … {nodes.Count} in all") : "";
        return " (the segment's nodes: " + string.Join(", ", names) + more + ")";
    }
}
