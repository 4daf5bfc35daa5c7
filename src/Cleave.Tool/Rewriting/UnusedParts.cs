using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Removes what no output needs. Inputs stay, read or not: callers give them.</summary>
internal static class UnusedParts
{
    public static int RemoveNodes(ModelEdit edit)
    {
        HashSet<NodeProto> dead = [.. edit.Graph.Node.Where((_, i) => edit.Roles[i] == NodeRole.Dead)];
        int removed = ModelEdit.Remove(edit.Graph.Node, dead.Contains);
        if (removed > 0)
        {
            edit.ForgetLostValues();
            edit.Changed();
        }
        return removed;
    }

    public static int RemoveInitializers(ModelEdit edit)
    {
        GraphProto graph = edit.Graph;
        // Those among the inputs are a caller's business, too.
        HashSet<string> read =
        [
            .. graph.Node.SelectMany(n => n.Input), .. edit.BodyNames, .. edit.OutputNames, .. graph.Input.Select(i => i.Name),
            .. graph.QuantizationAnnotation.SelectMany(a => a.QuantParameterTensorNames).Select(p => p.Value),
        ];
        int removed = ModelEdit.Remove(graph.Initializer, i => !read.Contains(i.Name))
            + ModelEdit.Remove(graph.SparseInitializer, i => !read.Contains(i.Values.Name));
        if (removed > 0)
        {
            edit.ForgetLostValues();
            edit.Changed();
        }
        return removed;
    }
}
