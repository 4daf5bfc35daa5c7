using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Removes nodes whose output is their input: Identity, a Dropout that drops nothing, a Cast to the same type. One stays where
/// names would change that a caller or a body knows.
/// </summary>
internal static class PassThroughNodes
{
    public static int Apply(ModelEdit edit)
    {
        GraphProto graph = edit.Graph;
        HashSet<string> outputs = new(edit.OutputNames, StringComparer.Ordinal);
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        HashSet<NodeProto> removed = [];
        foreach (NodeProto node in InOrder(edit).Where(n => !outputs.Contains(n.Output[0]) && !edit.BodyNames.Contains(n.Output[0])))
        {
            names[node.Output[0]] = Name(node.Input[0]);
            removed.Add(node);
        }
        // Where the result is an output of the model, what makes it takes its name.
        foreach (NodeProto node in InOrder(edit).Where(n => outputs.Contains(n.Output[0])))
        {
            string value = Name(node.Input[0]);
            if (edit.Index.Producer(value) < 0 || outputs.Contains(value) || edit.BodyNames.Contains(value))
                continue;
            names[value] = node.Output[0];
            removed.Add(node);
        }
        if (removed.Count == 0)
            return 0;
        ModelEdit.Remove(graph.Node, removed.Contains);
        foreach (NodeProto node in graph.Node)
        {
            Rename(node.Input);
            Rename(node.Output);
        }
        edit.ForgetLostValues();
        edit.Changed();
        // What only they read: the sizes of a Slice, the ratio of a Dropout.
        while (UnusedParts.RemoveNodes(edit) + UnusedParts.RemoveInitializers(edit) > 0)
        {
        }
        return removed.Count;

        // A name may lead to one that an output of the model then takes over.
        string Name(string value)
        {
            while (names.TryGetValue(value, out string? next))
                value = next;
            return value;
        }

        void Rename(IList<string> values)
        {
            for (int i = 0; i < values.Count; i++)
                values[i] = Name(values[i]);
        }
    }

    private static IEnumerable<NodeProto> InOrder(ModelEdit edit) =>
        edit.Index.Order.Where(i => edit.Roles[i] == NodeRole.PassThrough && edit.ProvenRoles[i] == NodeRole.PassThrough).Select(i => edit.Graph.Node[i]);
}
