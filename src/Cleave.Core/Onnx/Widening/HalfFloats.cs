using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Widening;

/// <summary>
/// The floats of 16 bits of a model, as far as widening must know of them. Widening replaces the type wherever the file says it, so that all types follow; weights stay as they are
/// in the file, behind a <c>Cast</c>. Not thread-safe.
/// </summary>
internal sealed class HalfFloats
{
    // Since then Cast's type is a number.
    private const long LowestOpset = 6;

    // Elements of their first input; of all of them in a Concat.
    private static readonly HashSet<string> Moving =
        ["Concat", "Expand", "Flatten", "Gather", "GatherElements", "GatherND", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"];

    private readonly WidenableOperators _operators;
    private readonly HashSet<string> _castOn = new(StringComparer.Ordinal);
    // What only moves elements: by its result, the values that it takes.
    private readonly Dictionary<string, string[]> _moved = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _fresh = new(StringComparer.Ordinal);
    private readonly HashSet<(string Domain, string Type)> _types = [];

    private HalfFloats(OnnxModel model)
    {
        _operators = new WidenableOperators(model);
        See(model.Graph);
        foreach (Node node in model.Functions.SelectMany(static f => f.Nodes))
            See(node);
        TensorWalk.Visit(model, tensor => WeightBytes += tensor.Element == ElementType.Float16 ? tensor.ByteSize : 0);
        FollowMoved();
        WhyNotAtAll = WhyNot(model);
    }

    /// <summary>Those of a model; null where it has none.</summary>
    public static HalfFloats? Of(OnnxModel model) =>
        StatedTypes.SaysHalf(model.Graph) || model.Functions.Any(static f => f.Nodes.Any(static n => Array.Exists(n.Attributes, StatedTypes.SaysHalf))) ? new HalfFloats(model) : null;

    /// <summary>The bytes of the weights of 16 bits, in bodies and functions, too. Widened they have as many more.</summary>
    public long WeightBytes { get; private set; }

    /// <summary>Why no part of the model can be widened; null where some may.</summary>
    public string? WhyNotAtAll { get; }

    /// <summary>The operators of the model, in bodies and functions, too.</summary>
    public IEnumerable<(string Domain, string Type)> Operators => _types;

    /// <summary>What stands against widening these nodes; null where nothing does.</summary>
    public string? WhyNot(IEnumerable<Node> nodes) => nodes.Select(_operators.WhyNot).FirstOrDefault(static why => why != null);

    /// <summary>Whether a node rounds for its own sake: it casts down, and somebody casts the result, moved or not, up again. That rounding stays.</summary>
    public bool IsRounding(Node node) => node.Domain.Length == 0 && IsRounding(node.OpType, node.Outputs, Array.Exists(node.Attributes, StatedTypes.SaysHalf));

    /// <summary>The same of what is known of a node.</summary>
    public bool IsRounding(string type, IReadOnlyList<string> outputs, bool saysHalf) => type == "Cast" && saysHalf && outputs.Count == 1 && _castOn.Contains(outputs[0]);

    /// <summary>A name that the model does not have, for a value as it is in 16 bits, where its own is that of 32; the same at each call.</summary>
    public string HalfName(string value) => Fresh(value, "half");

    /// <summary>The same for it in 32 bits, where its own name is that of 16.</summary>
    public string WideName(string value) => Fresh(value, "wide");

    private string Fresh(string value, string form)
    {
        string wish = value + "/" + form;
        if (_fresh.TryGetValue(wish, out string? known))
            return known;
        string name = wish;
        for (int number = 2; !_taken.Add(name); number++)
            name = wish + " (" + number.ToString(CultureInfo.InvariantCulture) + ")";
        _fresh.Add(wish, name);
        return name;
    }

    private void See(OnnxGraph graph)
    {
        foreach (ValueInfo value in graph.Inputs)
            _taken.Add(value.Name);
        foreach (TensorInfo tensor in graph.Initializers)
            _taken.Add(tensor.Name);
        foreach (SparseTensorInfo tensor in graph.SparseInitializers)
            _taken.Add(tensor.Name);
        foreach (Node node in graph.Nodes)
            See(node);
    }

    private void See(Node node)
    {
        _types.Add((node.Domain, node.OpType));
        _taken.UnionWith(node.Outputs);
        if (node.Domain.Length == 0 && node.Inputs.Length > 0)
        {
            // CastLike does not say its type: where it is 16 bits, a rounding stays that the file has, too.
            if (node.OpType is "Cast" or "CastLike" && !Array.Exists(node.Attributes, StatedTypes.SaysHalf))
                _castOn.Add(node.Inputs[0]);
            else if (Moving.Contains(node.OpType))
                SeeMoved(node);
        }
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
                See(body);
        }
    }

    private void SeeMoved(Node node)
    {
        string[] from = node.OpType == "Concat" ? [.. node.Inputs] : [node.Inputs[0]];
        foreach (string output in node.Outputs)
            _moved[output] = from;
    }

    private void FollowMoved()
    {
        Queue<string> left = new(_castOn);
        while (left.Count > 0)
        {
            if (!_moved.TryGetValue(left.Dequeue(), out string[]? before))
                continue;
            foreach (string value in before)
            {
                if (_castOn.Add(value))
                    left.Enqueue(value);
            }
        }
    }

    private static string? WhyNot(OnnxModel model)
    {
        if (model.Opsets.Any(static o => o.Domain.Length == 0 && o.Version < LowestOpset))
            return "its operator set is older than " + LowestOpset.ToString(CultureInfo.InvariantCulture);
        ValueInfo? border = model.Graph.Inputs.Concat(model.Graph.Outputs).FirstOrDefault(static v => v.Type is not OnnxType.Tensor && StatedTypes.IsHalf(v.Type));
        return border is null ? null : "'" + border.Name + "' is no plain tensor";
    }
}
