using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>The values that are known while a graph is gone through; a body sees those around it.</summary>
internal sealed class InferenceScope(OnnxModel model, InferenceScope? outer)
{
    /// <summary>The newest operator set of ONNX whose operators are known; of a newer one they are taken at their last known form.</summary>
    public const long NewestOpset = 24;

    private readonly Dictionary<string, ValueFacts> _values = new(StringComparer.Ordinal);
    private readonly InferenceScope? _root = outer is null ? null : outer._root ?? outer;
    private int _unknowns;

    /// <summary>How many bodies it lies in; 0 for the model's own graph.</summary>
    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    public IReadOnlyDictionary<string, ValueFacts> Values => _values;

    /// <summary>What is known of a value here or around; nothing, where there is none of that name.</summary>
    public ValueFacts Of(string name) =>
        _values.TryGetValue(name, out ValueFacts? facts) ? facts : outer?.Of(name) ?? ValueFacts.Unknown;

    public void Define(string name, ValueFacts facts) => _values[name] = facts;

    // Numbered through the whole model.
    public Dim Unknown() => _root is { } root ? root.Unknown() : Dim.Unknown(_unknowns++);

    public long Opset(string domain)
    {
        foreach (OpsetImport import in model.Opsets)
        {
            if (import.Domain == domain)
                return domain.Length == 0 ? Math.Min(import.Version, NewestOpset) : import.Version;
        }
        return 1;
    }

    /// <summary>Runs the rule of one node and defines its outputs.</summary>
    public void InferNode(Node node)
    {
        NodeContext context = new(this, node, Opset(node.Domain));
        OperatorTable.Find(node.Domain, node.OpType)?.Infer(context);
        for (int i = 0; i < node.Outputs.Length; i++)
        {
            if (node.Outputs[i].Length > 0)
                Define(node.Outputs[i], context.Output(i));
        }
    }

    public ValueFacts[] InferBody(OnnxGraph body, IReadOnlyList<ValueFacts> inputs)
    {
        InferenceScope scope = new(model, this);
        for (int i = 0; i < body.Inputs.Count; i++)
            scope.Define(body.Inputs[i].Name, i < inputs.Count ? inputs[i] : scope.Declared(body.Inputs[i].Type));
        scope.DefineConstants(body);
        foreach (Node node in body.Nodes)
            scope.InferNode(node);
        ValueFacts[] outputs = new ValueFacts[body.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
            outputs[i] = scope.Of(body.Outputs[i].Name);
        return outputs;
    }

    public void DefineConstants(OnnxGraph graph)
    {
        foreach (TensorInfo tensor in graph.Initializers)
            Define(tensor.Name, Constant(tensor));
        foreach (SparseTensorInfo tensor in graph.SparseInitializers)
            Define(tensor.Name, ValueFacts.Tensor(tensor.Values.Element, Fixed(tensor.Dims)));
    }

    /// <summary>What is known of a constant tensor.</summary>
    public static ValueFacts Constant(TensorInfo tensor) => ValueFacts.Tensor(tensor.Element, Fixed(tensor.Dims)) with
    {
        Content = tensor.Integers is { } integers ? Fixed(integers) : null,
        Floats = tensor.Floats,
    };

    public static Dim[] Fixed(long[] numbers) => Array.ConvertAll(numbers, Dim.Of);

    /// <summary>What the file says of an input. A name is one dimension wherever it stands; an unnamed one is unlike any other.</summary>
    public ValueFacts Declared(OnnxType type) => type switch
    {
        OnnxType.Tensor tensor => ValueFacts.Tensor(tensor.Element, tensor.Shape is { } shape ? Array.ConvertAll(shape, Declared) : null),
        OnnxType.Sequence sequence => new ValueFacts { Kind = ValueKind.Sequence, Item = Element(Declared(sequence.Element)) },
        OnnxType.Optional optional => new ValueFacts { Kind = ValueKind.Optional, Item = Declared(optional.Element) },
        _ => ValueFacts.Unknown,
    };

    // Elements of a sequence differ in shape, whatever is said of them: ONNX Runtime looks at their type only.
    private static ValueFacts Element(ValueFacts declared) => declared with { Shape = null };

    // ONNX Runtime takes negative numbers for unknown.
    private Dim Declared(Dimension dimension) =>
        dimension.Value is >= 0 ? Dim.Of(dimension.Value.Value)
        : dimension.Name is { Length: > 0 } name ? Dim.Named(name)
        : Unknown();
}
