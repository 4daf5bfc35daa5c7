using System;
using System.Collections.Generic;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>The names that the bodies of a graph's nodes (If, Loop, Scan, …) mention.</summary>
internal static class BodyNames
{
    public static HashSet<string> Of(GraphProto graph)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (NodeProto node in graph.Node)
            AddBodies(node, names);
        return names;
    }

    private static void AddBodies(NodeProto node, HashSet<string> names)
    {
        foreach (AttributeProto attribute in node.Attribute)
        {
            if (attribute.G != null)
                Add(attribute.G, names);
            foreach (GraphProto body in attribute.Graphs)
                Add(body, names);
        }
    }

    private static void Add(GraphProto body, HashSet<string> names)
    {
        foreach (NodeProto node in body.Node)
        {
            names.UnionWith(node.Input);
            AddBodies(node, names);
        }
        foreach (ValueInfoProto output in body.Output)
            names.Add(output.Name);
    }
}
