using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Einsum: an equation names the dimensions of each input and of the output.</summary>
internal static class Einsum
{
    // Stands for one of the dimensions under an ellipsis: the n-th from the right.
    private const int Ellipsis = 1000;

    public static void Infer(NodeContext node)
    {
        node.Set(0, node.Element([.. Enumerable.Range(0, node.InputCount)]), null);
        string equation = node.Text("equation", "").Replace(" ", "");
        int arrow = equation.IndexOf("->", System.StringComparison.Ordinal);
        string[] operands = (arrow < 0 ? equation : equation.Substring(0, arrow)).Split(',');
        if (operands.Length != node.InputCount)
            return;
        Dictionary<int, Dim> sizes = [];
        Dictionary<int, int> uses = [];
        int hidden = 0;
        for (int i = 0; i < operands.Length; i++)
        {
            if (node.Shape(i) is not { } shape || Labels(operands[i], shape.Length) is not { } labels || labels.Count != shape.Length)
                return;
            hidden = System.Math.Max(hidden, labels.Count(l => l >= Ellipsis));
            for (int axis = 0; axis < shape.Length; axis++)
                Use(node, sizes, uses, labels[axis], shape[axis]);
        }
        List<int>? output = arrow < 0 ? Implied(uses, hidden) : Labels(equation.Substring(arrow + 2), null, hidden);
        if (output is not null && output.TrueForAll(sizes.ContainsKey))
            node.Set(0, node.Output(0).Element, [.. output.Select(l => sizes[l])]);
    }

    // One that is 1 broadcasts.
    private static void Use(NodeContext node, Dictionary<int, Dim> sizes, Dictionary<int, int> uses, int label, Dim size)
    {
        uses[label] = uses.TryGetValue(label, out int count) ? count + 1 : 1;
        sizes[label] = !sizes.TryGetValue(label, out Dim? known) ? size : node.Broadcast([known], [size])?[0] ?? node.Unknown();
    }

    // Without an output: the ellipsis, then every letter that occurs once, sorted.
    private static List<int> Implied(Dictionary<int, int> uses, int hidden) =>
        [.. Hidden(hidden), .. uses.Where(u => u.Key < Ellipsis && u.Value == 1).Select(u => u.Key).OrderBy(l => l)];

    private static IEnumerable<int> Hidden(int count) => Enumerable.Range(0, count).Select(i => Ellipsis + count - 1 - i);

    // Null where the term is none: only letters, and an ellipsis at most once.
    private static List<int>? Labels(string term, int? rank, int hidden = 0)
    {
        int at = term.IndexOf("...", System.StringComparison.Ordinal);
        string letters = at < 0 ? term : term.Remove(at, 3);
        if (!letters.All(c => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z')) || letters.Length > rank)
            return null;
        List<int> labels = [.. letters.Select(c => (int)c)];
        if (at >= 0)
            labels.InsertRange(at, Hidden(rank is null ? hidden : rank.Value - letters.Length));
        return labels;
    }
}
