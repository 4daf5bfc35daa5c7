using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>One node, as its operator's rule sees it: what is known of its inputs, its attributes, and where to put what follows.</summary>
internal sealed class NodeContext(InferenceScope scope, Node node, long opset)
{
    private readonly ValueFacts?[] _outputs = new ValueFacts?[node.Outputs.Length];

    public Node Node { get; } = node;

    /// <summary>The version of the operator set that the node's domain is imported with; at most the newest known.</summary>
    public long Opset { get; } = opset;

    public int InputCount => Node.Inputs.Length;

    public int OutputCount => Node.Outputs.Length;

    /// <summary>Whether an optional input is given; in a function, what its call leaves out is not.</summary>
    public bool HasInput(int index) => index < Node.Inputs.Length && Node.Inputs[index].Length > 0 && !scope.IsLeftOut(Node.Inputs[index]);

    /// <summary>What is known of an input; nothing where it is left out.</summary>
    public ValueFacts Input(int index) => HasInput(index) ? scope.Of(Node.Inputs[index]) : ValueFacts.Unknown;

    /// <summary>An input's shape; null where the rank is unknown.</summary>
    public Dim[]? Shape(int index) => Input(index).Shape;

    /// <summary>The element type of inputs that all have the same one; Undefined where it is known of none.</summary>
    public ElementType Element(params int[] inputs)
    {
        foreach (int input in inputs)
        {
            if (Input(input).Element is var element and not ElementType.Undefined)
                return element;
        }
        return ElementType.Undefined;
    }

    /// <summary>The element type that an attribute names; Undefined where it names none.</summary>
    public ElementType Element(string attribute, ElementType otherwise) =>
        Attribute(attribute) is not { Ints.Length: 1 } given ? otherwise
        : given.Ints[0] is > 0 and < int.MaxValue && ElementTypes.IsKnown((int)given.Ints[0]) ? (ElementType)given.Ints[0]
        : ElementType.Undefined;

    /// <summary>Says what an output is. An output that the node leaves out is ignored.</summary>
    public void Set(int index, ValueFacts facts)
    {
        if (index < _outputs.Length)
            _outputs[index] = facts;
    }

    /// <summary>A tensor of the given type and shape.</summary>
    public void Set(int index, ElementType element, Dim[]? shape) => Set(index, ValueFacts.Tensor(element, shape));

    /// <summary>What the rule said of an output.</summary>
    public ValueFacts Output(int index) => _outputs[index] ?? ValueFacts.Unknown;

    /// <summary>A dimension of which nothing is known, unlike any other.</summary>
    public Dim Unknown() => scope.Unknown();

    /// <summary>A whole number of which nothing is known, not even that it can be a dimension.</summary>
    public Dim UnknownNumber() => scope.UnknownNumber();

    /// <summary>Itself, or an unknown one where it is null: arithmetic on dimensions gives up on what grows too large.</summary>
    public Dim OrUnknown(Dim? dim) => dim ?? scope.Unknown();

    /// <summary>So many unknown dimensions.</summary>
    public Dim[] Unknowns(int rank)
    {
        Dim[] dims = new Dim[rank];
        for (int i = 0; i < rank; i++)
            dims[i] = Unknown();
        return dims;
    }

    /// <summary>An attribute; inside a function, what the call gives for the one that stands there.</summary>
    public NodeAttribute? Attribute(string name)
    {
        foreach (NodeAttribute attribute in Node.Attributes)
        {
            if (attribute.Name == name)
                return attribute.Reference is { } reference ? scope.CallAttribute(reference) : attribute;
        }
        return null;
    }

    public long Int(string name, long otherwise) => Attribute(name) is { Ints.Length: 1 } attribute ? attribute.Ints[0] : otherwise;

    public long[]? Ints(string name) => Attribute(name) is { Kind: AttributeKind.Ints } attribute ? attribute.Ints : null;

    public string Text(string name, string otherwise) => Attribute(name) is { Strings.Length: 1 } attribute ? attribute.Strings[0].Text ?? otherwise : otherwise;

    /// <summary>The axis counted from the front; null where it is out of range.</summary>
    public static int? Axis(long axis, int rank) =>
        axis < -rank || axis >= rank ? null : (int)(axis < 0 ? axis + rank : axis);

    /// <summary>The number of elements of an input that is a short vector, as of dimensions; null where it is not known.</summary>
    public int? VectorLength(int index) => Shape(index) is { Length: 1 } shape && shape[0].Value is >= 0 and <= 16 ? (int)shape[0].Value!.Value : null;

    /// <summary>An attribute that is a graph.</summary>
    public OnnxGraph? Graph(string name) => Attribute(name) is { Graphs.Length: 1 } attribute ? attribute.Graphs[0] : null;

    /// <summary>How many bodies the node lies in.</summary>
    public int Depth => scope.Depth;

    /// <summary>What the file says of a type.</summary>
    public ValueFacts Declared(OnnxType type) => scope.Declared(type);

    /// <summary>The only element of an input of one element; null where it is not known.</summary>
    public Dim? Number(int index) => Input(index).Content is { Length: 1 } content ? content[0] : null;

    /// <summary>
    /// The axes that the attribute <c>axes</c> or, in newer operator sets, the second input names; null where there are none,
    /// or where they are <paramref name="given"/> but not known.
    /// </summary>
    public long[]? Axes(out bool given)
    {
        given = true;
        if (Ints("axes") is { } axes)
            return axes;
        given = HasInput(1);
        return Contents.Numbers(Input(1).Content);
    }

    /// <summary>Infers the body of an If, Loop or Scan, which sees this node's surroundings; the facts of its outputs.</summary>
    public ValueFacts[] InferBody(OnnxGraph body, IReadOnlyList<ValueFacts> inputs) => scope.InferBody(body, inputs);

    /// <summary>The two shapes joined as ONNX broadcasts (numpy's rule); null where a rank is unknown or they do not fit.</summary>
    public Dim[]? Broadcast(Dim[]? a, Dim[]? b)
    {
        if (a is null || b is null)
            return null;
        Dim[] result = new Dim[Math.Max(a.Length, b.Length)];
        for (int i = 0; i < result.Length; i++)
        {
            int atA = i - (result.Length - a.Length), atB = i - (result.Length - b.Length);
            Dim one = atA < 0 ? Dim.One : a[atA], other = atB < 0 ? Dim.One : b[atB];
            if (one.Equals(other) || other.Value == 1)
                result[i] = one;
            else if (one.Value == 1 || other.Value is not null)
                result[i] = other;
            else
                result[i] = one.Value is not null ? one : Dim.Broadcast(one, other) ?? Unknown();
            if (one.Value is { } x && other.Value is { } y && x != y && x != 1 && y != 1)
                return null;
        }
        return result;
    }
}
