using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Products of matrices, and stacks of them.</summary>
internal static class Products
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "MatMul", Coverage.Exact, n => Product(n, 0, 1, n.Element(0, 1))),
        new("", "MatMulInteger", Coverage.Exact, n => Product(n, 0, 1, ElementType.Int32)),
        new("", "QLinearMatMul", Coverage.Exact, n => Product(n, 0, 3, n.Element(7))),
        new("", "Gemm", Coverage.Exact, n => Gemm(n, 1, n.Element(0, 1, 2))),
        new("", "Det", Coverage.Exact, n => n.Set(0, n.Element(0), n.Shape(0) is { Length: >= 2 } s ? [.. s.Take(s.Length - 2)] : null)),
        new("", "Einsum", Coverage.Exact, Einsum.Infer),
        new(Domains.Microsoft, "FusedMatMul", Coverage.Exact, n => Product(n, 0, 1, n.Element(0, 1))),
        new(Domains.Microsoft, "FusedMatMulActivation", Coverage.Exact, n => Product(n, 0, 1, n.Element(0, 1))),
        new(Domains.Microsoft, "TransposeMatMul", Coverage.Exact, n => Product(n, 0, 1, n.Element(0, 1))),
        new(Domains.Microsoft, "GemmFastGelu", Coverage.Exact, n => Product(n, 0, 1, n.Element(0, 1))),
        new(Domains.Microsoft, "MatMulInteger16", Coverage.Exact, n => Product(n, 0, 1, ElementType.Int32)),
        new(Domains.Microsoft, "MatMulIntegerToFloat", Coverage.Exact, n => Product(n, 0, 1, n.Element(2, 3))),
        new(Domains.Microsoft, "DynamicQuantizeMatMul", Coverage.Exact, n => Product(n, 0, 1, n.Element(0))),
        new(Domains.Microsoft, "FusedGemm", Coverage.Exact, n => Gemm(n, 1, n.Element(0, 1, 2))),
        new(Domains.Microsoft, "QGemm", Coverage.Exact, n => Gemm(n, 3, n.HasInput(8) ? n.Element(8) : n.Element(1, 4))),
        new(Domains.Microsoft, "MatMulNBits", Coverage.Exact, PackedWeights),
        new(Domains.Microsoft, "MatMulBnb4", Coverage.Exact, PackedWeights),
    ];

    /// <summary>numpy's matmul: the last two dimensions are matrices, a single one is a vector, the others broadcast.</summary>
    public static Dim[]? Product(NodeContext node, Dim[]? left, Dim[]? right)
    {
        if (left is not { Length: > 0 } || right is not { Length: > 0 })
            return null;
        Dim[] a = left.Length == 1 ? [Dim.One, left[0]] : left, b = right.Length == 1 ? [right[0], Dim.One] : right;
        if (node.Broadcast([.. a.Take(a.Length - 2)], [.. b.Take(b.Length - 2)]) is not { } stack)
            return null;
        List<Dim> shape = [.. stack];
        if (left.Length > 1)
            shape.Add(a[a.Length - 2]);
        if (right.Length > 1)
            shape.Add(b[b.Length - 1]);
        return [.. shape];
    }

    private static void Product(NodeContext node, int left, int right, ElementType element) =>
        node.Set(0, element, Product(node, Arranged(node.Shape(left), node, "transA", "transBatchA"), Arranged(node.Shape(right), node, "transB", "transBatchB")));

    // ONNX Runtime's fused forms: the first dimension moves behind the stack's others, then the matrix is transposed.
    private static Dim[]? Arranged(Dim[]? shape, NodeContext node, string transpose, string moveFirst)
    {
        if (shape is not { Length: >= 2 })
            return shape;
        List<Dim> dims = [.. shape];
        if (node.Int(moveFirst, 0) != 0)
        {
            Dim first = dims[0];
            dims.RemoveAt(0);
            dims.Insert(dims.Count - 1, first);
        }
        if (node.Int(transpose, 0) != 0)
            dims.Reverse(dims.Count - 2, 2);
        return [.. dims];
    }

    private static void Gemm(NodeContext node, int right, ElementType element)
    {
        Dim[]? a = node.Shape(0), b = node.Shape(right);
        bool twoMatrices = (a is null || a.Length == 2) && (b is null || b.Length == 2);
        Dim rows = a is { Length: 2 } ? a[node.Int("transA", 0) != 0 ? 1 : 0] : node.Unknown();
        Dim columns = b is { Length: 2 } ? b[node.Int("transB", 0) != 0 ? 0 : 1] : node.Unknown();
        node.Set(0, element, twoMatrices ? [rows, columns] : null);
    }

    private static void PackedWeights(NodeContext node) =>
        node.Set(0, node.Element(0), node.Shape(0) is { Length: > 0 } input && node.Int("N", 0) is > 0 and var columns
            ? [.. input.Take(input.Length - 1), Dim.Of(columns)]
            : null);
}
