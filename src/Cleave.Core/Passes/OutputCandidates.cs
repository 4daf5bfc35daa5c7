using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>Which values of a model can be asked for as outputs, and why the others cannot.</summary>
internal sealed class OutputCandidates(OnnxModel model)
{
    private GraphFacts? _facts;
    private Dictionary<string, Node>? _inBodies;

    public OnnxModel Model { get; } = model;

    public GraphIndex Index { get; } = new(model);

    // Inferred when an inner value is asked for, which not every choice of outputs does.
    private GraphFacts Facts => _facts ??= ShapeInference.Infer(Model);

    /// <summary>Every value of the outer graph: inputs, initializers, outputs of nodes; each once, in the file's order.</summary>
    public IEnumerable<string> Names()
    {
        foreach (ValueInfo input in Model.Graph.Inputs)
        {
            if (Index.IsInput(input.Name))
                yield return input.Name;
        }
        foreach (TensorInfo tensor in Model.Graph.Initializers)
            yield return tensor.Name;
        foreach (SparseTensorInfo tensor in Model.Graph.SparseInitializers)
            yield return tensor.Name;
        foreach (Node node in Model.Graph.Nodes)
        {
            foreach (string output in node.Outputs)
            {
                if (output.Length > 0)
                    yield return output;
            }
        }
    }

    /// <summary>Whether it is a value of the outer graph.</summary>
    public bool Exists(string name) => Index.IsInput(name) || Index.IsInitializer(name) || Index.Producer(name) >= 0;

    /// <summary>What is known of a value: inferred, or else what the file says.</summary>
    public ValueFacts FactsOf(string name)
    {
        ValueFacts inferred = Facts.Of(name);
        if (inferred.Kind != ValueKind.Unknown || Index.Value(name)?.Type is not OnnxType.Tensor { Element: not ElementType.Undefined } declared)
            return inferred;
        return ValueFacts.Tensor(declared.Element, declared.Shape is { } shape ? DimsOf(shape) : null);
    }

    /// <summary>Why a value cannot be an output, in words; null where it can.</summary>
    public string? WhyNot(string name)
    {
        if (!Index.IsOutput(name))
        {
            if (!Exists(name))
                return BodyOf(name) is { } node ? "it is inside a body of the node '" + node.Name + "' (" + node.OpType + ")" : "there is no such value";
            if (Index.IsInput(name))
                return "it is an input";
            int producer = Index.Producer(name);
            if (producer < 0)
                return "it is an initializer, the same in every call";
            if (Index.IsConstant(producer))
                return "it is the same in every call, since it depends on no input";
        }
        else if (Index.Value(name)?.Type is OnnxType.Tensor { Element: not ElementType.Undefined })
        {
            return null;
        }
        return WhyNotByType(name);
    }

    /// <summary>The node of the outer graph in whose bodies a value is made; null where there is none.</summary>
    public Node? BodyOf(string name)
    {
        if (_inBodies is null)
        {
            _inBodies = new(System.StringComparer.Ordinal);
            foreach (Node node in Model.Graph.Nodes)
                NoteBodies(node, node, _inBodies);
        }
        return _inBodies.TryGetValue(name, out Node? outer) ? outer : null;
    }

    private string? WhyNotByType(string name)
    {
        ValueFacts facts = FactsOf(name);
        switch (facts.Kind)
        {
            case ValueKind.Sequence:
                return "it is a sequence, and only tensors can be outputs";
            case ValueKind.Optional:
                return "it is an optional, and only tensors can be outputs";
            case ValueKind.Tensor when facts.Element != ElementType.Undefined:
                return null;
        }
        int producer = Index.Producer(name);
        return "its element type is not known" + (producer >= 0 ? ": it is made by the operator " + Operator(Model.Graph.Nodes[producer]) : "");
    }

    private static string Operator(Node node) => (node.Domain.Length > 0 ? node.Domain + "." : "") + node.OpType;

    private static void NoteBodies(Node outer, Node node, Dictionary<string, Node> inBodies)
    {
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
            {
                foreach (ValueInfo input in body.Inputs)
                    inBodies[input.Name] = outer;
                foreach (TensorInfo tensor in body.Initializers)
                    inBodies[tensor.Name] = outer;
                foreach (Node inner in body.Nodes)
                {
                    foreach (string output in inner.Outputs)
                        inBodies[output] = outer;
                    NoteBodies(outer, inner, inBodies);
                }
            }
        }
    }

    // What the file says of an inner value; a dimension without a number or a name is unlike any other.
    private static Dim[] DimsOf(Dimension[] shape)
    {
        Dim[] dims = new Dim[shape.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = shape[i].Value is >= 0 and long size ? Dim.Of(size)
                : shape[i].Name is { Length: > 0 } name ? Dim.Named(name)
                : Dim.Unknown(i);
        }
        return dims;
    }
}
