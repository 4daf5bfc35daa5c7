using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Puts initializers in the place of nodes whose numbers follow from the model alone: the arithmetic on fixed shapes.</summary>
internal static class ShapeFolding
{
    public static int Apply(ModelEdit edit)
    {
        GraphProto graph = edit.Graph;
        HashSet<string> outputs = new(edit.OutputNames, StringComparer.Ordinal);
        HashSet<NodeProto> folded = [];
        for (int i = 0; i < graph.Node.Count; i++)
        {
            if (edit.Roles[i] is NodeRole.Foldable or NodeRole.Constant or NodeRole.PassThrough && IsKnown(edit, i, outputs))
                folded.Add(graph.Node[i]);
        }
        if (folded.Count == 0)
            return 0;
        HashSet<string> read = [.. edit.BodyNames, .. graph.Node.Where(n => !folded.Contains(n)).SelectMany(n => n.Input)];
        foreach (string output in graph.Node.Where(folded.Contains).SelectMany(n => n.Output).Where(read.Contains))
            graph.Initializer.Add(Tensor(output, edit.Facts.Proven.Of(output)));
        ModelEdit.Remove(graph.Node, folded.Contains);
        edit.AllowPlainInitializers();
        edit.ForgetLostValues();
        edit.Changed();
        return folded.Count;
    }

    /// <summary>An initializer of whole numbers or truth values.</summary>
    public static TensorProto Tensor(string name, ValueFacts facts)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)facts.Element, Dims = { facts.Shape!.Select(d => d.Value!.Value) } };
        IEnumerable<long> numbers = facts.Content!.Select(d => d.Value!.Value);
        if (facts.Element == ElementType.Int64)
            tensor.Int64Data.AddRange(numbers);
        else
            tensor.Int32Data.AddRange(numbers.Select(n => checked((int)n)));
        return tensor;
    }

    // By what is proven: what a file states of its values may be wrong.
    private static bool IsKnown(ModelEdit edit, int position, HashSet<string> outputs)
    {
        Node node = edit.Index.Nodes[position];
        return node.Domain.Length == 0 && node.OpType != "Constant" && node.Outputs.Length > 0
            && node.Attributes.All(a => a.Graphs.Length == 0)
            && node.Outputs.All(o => o.Length > 0 && !outputs.Contains(o) && IsKnown(edit.Facts.Proven.Of(o)));
    }

    private static bool IsKnown(ValueFacts facts) =>
        facts is { Kind: ValueKind.Tensor, Element: ElementType.Int64 or ElementType.Int32 or ElementType.Bool, Shape: { } shape, Content: { } content }
        && shape.All(d => d.Value != null) && content.All(d => d.Value != null)
        && shape.Aggregate(1L, (count, d) => count * d.Value!.Value) == content.Length;
}
