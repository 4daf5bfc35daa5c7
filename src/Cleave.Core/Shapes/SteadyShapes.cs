using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Shapes;

/// <summary>
/// Which values of a model have shapes that follow from the shapes of its inputs, whatever the inputs hold. Inference says what a shape is; for this
/// it is enough that calls of equal dimensions cannot differ, as where an If goes by a dimension and its branches give shapes that have nothing in common.
/// </summary>
internal sealed class SteadyShapes
{
    /// <summary>Operators of ONNX that read numbers of the result's shape, with the first input that may hold them.</summary>
    private static readonly Dictionary<string, int> ShapeArguments = new(StringComparer.Ordinal)
    {
        ["AffineGrid"] = 1,
        ["BlackmanWindow"] = 0,
        ["CenterCropPad"] = 1,
        ["Col2Im"] = 1,
        ["ConstantOfShape"] = 0,
        ["DFT"] = 1,
        ["Expand"] = 1,
        ["HammingWindow"] = 0,
        ["HannWindow"] = 0,
        ["MaxUnpool"] = 2,
        ["MelWeightMatrix"] = 0,
        ["OneHot"] = 1,
        ["Pad"] = 1,
        ["Range"] = 0,
        ["Reshape"] = 1,
        ["Resize"] = 1,
        ["STFT"] = 1,
        ["Slice"] = 1,
        ["Split"] = 1,
        ["Squeeze"] = 1,
        ["Tile"] = 1,
        ["TopK"] = 1,
        ["Unsqueeze"] = 1,
        ["Upsample"] = 1,
    };

    private static readonly HashSet<string> Random = new(StringComparer.Ordinal)
    {
        "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
    };

    private readonly SteadyShapes? _outer;
    private readonly HashSet<string> _functions;
    private readonly Dictionary<string, Steady> _values = new(StringComparer.Ordinal);

    private SteadyShapes(OnnxGraph graph, HashSet<string> functions, SteadyShapes? outer)
    {
        _functions = functions;
        _outer = outer;
        foreach (ValueInfo input in graph.Inputs)
            _values[input.Name] = outer is null && input.Type is OnnxType.Tensor ? Steady.Shape : Steady.Nothing;
        foreach (TensorInfo tensor in graph.Initializers)
            _values[tensor.Name] = Steady.All;
        foreach (SparseTensorInfo tensor in graph.SparseInitializers)
            _values[tensor.Name] = Steady.All;
    }

    // What two calls of equal dimensions have in common.
    [Flags]
    private enum Steady
    {
        Nothing = 0,
        Shape = 1,
        Content = 2,
        All = 3,
    }

    /// <summary>The names of the values of the outer graph whose shapes follow.</summary>
    public static HashSet<string> Of(GraphFacts facts)
    {
        HashSet<string> functions = new(facts.Model.Functions.Select(f => f.Name), StringComparer.Ordinal);
        SteadyShapes scope = new(facts.Model.Graph, functions, null);
        scope.Add(facts.Model.Graph, facts.Order, facts);
        return new HashSet<string>(scope._values.Where(v => (v.Value & Steady.Shape) != 0).Select(v => v.Key), StringComparer.Ordinal);
    }

    private void Add(OnnxGraph graph, int[] order, GraphFacts? facts)
    {
        foreach (int position in order)
        {
            Node node = graph.Nodes[position];
            Steady[] outputs = node is { Domain: "", OpType: "If" } ? OfBranches(node) : [.. Enumerable.Repeat(OfOperator(node), node.Outputs.Length)];
            for (int i = 0; i < node.Outputs.Length; i++)
            {
                if (node.Outputs[i] is { Length: > 0 } name)
                    _values[name] = (i < outputs.Length ? outputs[i] : Steady.Nothing) | Inferred(facts?.Of(name));
            }
        }
    }

    // What inference says it says of every call.
    private static Steady Inferred(ValueFacts? facts) =>
        (facts?.Shape is { } shape && Array.TrueForAll(shape, static d => d.IsKnown) ? Steady.Shape : Steady.Nothing)
        | (facts?.Content is { } content && Array.TrueForAll(content, static d => d.IsKnown) ? Steady.Content : Steady.Nothing);

    private Steady OfOperator(Node node)
    {
        bool isOnnx = node.Domain.Length == 0 && !_functions.Contains(node.OpType);
        if (!isOnnx || OperatorTable.Find(node.Domain, node.OpType) is not { } rule || node.Attributes.Any(a => a.Graphs.Length > 0))
            return Steady.Nothing;
        Steady all = Steady.All;
        bool decided = true;
        int first = FirstShapeArgument(node.OpType);
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            if (node.Inputs[i].Length == 0)
                continue;
            Steady input = Of(node.Inputs[i]);
            all &= input;
            decided &= i < first || (input & Steady.Content) != 0;
        }
        if (all == Steady.All && !Random.Contains(node.OpType))
            return Steady.All;
        if (rule.Coverage != Coverage.Exact || !decided || (all & Steady.Shape) == 0)
            return Steady.Nothing;
        return node.OpType is "Shape" or "Size" ? Steady.All : Steady.Shape;
    }

    // The same branch in each call, whichever it is.
    private Steady[] OfBranches(Node node)
    {
        if (node.Inputs.Length != 1 || (Of(node.Inputs[0]) & Steady.Content) == 0)
            return [];
        Steady[] results = [.. Enumerable.Repeat(Steady.All, node.Outputs.Length)];
        foreach (OnnxGraph branch in node.Attributes.SelectMany(a => a.Graphs))
        {
            SteadyShapes scope = new(branch, _functions, this);
            scope.Add(branch, NodeOrder.Of(branch.Nodes, out _), null);
            for (int i = 0; i < results.Length; i++)
                results[i] &= i < branch.Outputs.Count ? scope.Of(branch.Outputs[i].Name) : Steady.Nothing;
        }
        return results;
    }

    private static int FirstShapeArgument(string opType) =>
        ShapeArguments.TryGetValue(opType, out int first) ? first
        : opType.StartsWith("Reduce", StringComparison.Ordinal) ? 1
        : int.MaxValue;

    private Steady Of(string name)
    {
        for (SteadyShapes? scope = this; scope != null; scope = scope._outer)
        {
            if (scope._values.TryGetValue(name, out Steady steady))
                return steady;
        }
        return Steady.Nothing;
    }
}
