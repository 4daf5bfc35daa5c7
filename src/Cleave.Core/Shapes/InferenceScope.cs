using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>The values that are known while a graph is gone through; a body sees those around it, a function sees nothing else.</summary>
internal sealed class InferenceScope
{
    // Tensors of more dimensions, which no operator takes, are tensors of unknown rank.
    private const int HighestRank = 64;

    private readonly InferenceState _state;
    private readonly InferenceScope? _outer;
    private readonly IReadOnlyList<OpsetImport> _opsets;
    private readonly FunctionCall? _call;
    private readonly Dictionary<string, ValueFacts> _values = new(StringComparer.Ordinal);
    private Dictionary<string, OnnxType>? _declared;

    public InferenceScope(InferenceState state)
    {
        _state = state;
        _opsets = state.Model.Opsets;
    }

    private InferenceScope(InferenceScope outer)
    {
        _state = outer._state;
        _outer = outer;
        _opsets = outer._opsets;
        _call = outer._call;
    }

    private InferenceScope(InferenceState state, FunctionCall call)
    {
        _state = state;
        _opsets = call.Function.Opsets;
        _call = call;
    }

    /// <summary>How many bodies it lies in; 0 for the model's own graph.</summary>
    public int Depth => _outer is null ? 0 : _outer.Depth + 1;

    public IReadOnlyDictionary<string, ValueFacts> Values => _values;

    /// <summary>What is known of a value here or around; nothing, where there is none of that name.</summary>
    public ValueFacts Of(string name)
    {
        for (InferenceScope? scope = this; scope != null; scope = scope._outer)
        {
            if (scope._values.TryGetValue(name, out ValueFacts? facts))
                return facts;
        }
        return ValueFacts.Unknown;
    }

    public void Define(string name, ValueFacts facts) => _values[name] = HasOtherCount(facts) ? facts with { Content = null, Floats = null } : facts;

    public void DefineInput(string name, OnnxType type) => _values[name] = Checked(Declared(type, keepsNames: true));

    // Numbered through the whole model.
    public Dim Unknown() => _state.Unknown();

    public Dim UnknownNumber() => _state.UnknownNumber();

    public long Opset(string domain)
    {
        foreach (OpsetImport import in _opsets)
        {
            if (import.Domain == domain)
                return domain.Length == 0 ? Math.Min(import.Version, InferenceState.NewestOpset) : import.Version;
        }
        return 1;
    }

    /// <summary>Whether a value is an input of the function around that its call leaves out: ONNX Runtime puts nothing in its place.</summary>
    public bool IsLeftOut(string name) => _call?.LeavesOut(name) ?? false;

    /// <summary>Inside a function: what a call gives for the function's attribute, or its default.</summary>
    public NodeAttribute? CallAttribute(string name) => _call?.Attribute(name);

    /// <summary>What the file says of a type.</summary>
    public ValueFacts Declared(OnnxType type) => Checked(Declared(type, keepsNames: false));

    /// <summary>Takes in what the file says of a graph's inner values and outputs.</summary>
    public void Declare(OnnxGraph graph)
    {
        if (!_state.TrustsFile || graph.ValueInfos.Count + graph.Outputs.Count == 0)
            return;
        _declared = new Dictionary<string, OnnxType>(graph.ValueInfos.Count + graph.Outputs.Count, StringComparer.Ordinal);
        foreach (ValueInfo value in graph.ValueInfos)
            _declared[value.Name] = value.Type;
        foreach (ValueInfo output in graph.Outputs)
            _declared[output.Name] = output.Type;
    }

    /// <summary>Runs the rule of one node and defines its outputs.</summary>
    public void InferNode(Node node)
    {
        NodeContext context = new(this, node, Opset(node.Domain));
        if (_state.TakesAnother(node))
        {
            if (_state.Function(node) is { } function)
                InferFunction(function, context);
            else
                OperatorTable.Find(node.Domain, node.OpType)?.Infer(context);
        }
        for (int i = 0; i < node.Outputs.Length; i++)
        {
            string name = node.Outputs[i];
            if (name.Length > 0)
                Define(name, Merged(name, Checked(context.Output(i))));
        }
    }

    /// <summary>Infers a body, which sees this scope; the facts of its outputs.</summary>
    public ValueFacts[] InferBody(OnnxGraph body, IReadOnlyList<ValueFacts> inputs)
    {
        ValueFacts[] outputs = new ValueFacts[body.Outputs.Count];
        if (!_state.Takes((long)body.Inputs.Count + body.Initializers.Count + body.SparseInitializers.Count + body.ValueInfos.Count + body.Outputs.Count))
            return Array.ConvertAll(outputs, static _ => ValueFacts.Unknown);
        InferenceScope scope = new(this);
        for (int i = 0; i < body.Inputs.Count; i++)
        {
            // A name of a dimension in a body is the model's where an input of the model has it, and else says nothing.
            scope.Define(body.Inputs[i].Name, i < inputs.Count ? inputs[i] : _state.TrustsFile ? Declared(body.Inputs[i].Type) : ValueFacts.Unknown);
        }
        scope.Declare(body);
        scope.DefineConstants(body);
        foreach (int position in _state.Order(body, body.Nodes))
            scope.InferNode(body.Nodes[position]);
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

    private void InferFunction(ModelFunction function, NodeContext context)
    {
        FunctionCall call = new(function, _state.Inputs(function), context, _call);
        if (call.Depth > InferenceState.DeepestFunction || !_state.Takes((long)function.Inputs.Length + function.Outputs.Length))
            return;
        InferenceScope scope = new(_state, call);
        for (int i = 0; i < function.Inputs.Length; i++)
            scope.Define(function.Inputs[i], context.Input(i));
        foreach (int position in _state.Order(function, function.Nodes))
            scope.InferNode(function.Nodes[position]);
        for (int i = 0; i < function.Outputs.Length; i++)
            context.Set(i, scope.Of(function.Outputs[i]));
    }

    // What no tensor can be is not known: negative dimensions come from arithmetic on graphs that fail when they run.
    private ValueFacts Checked(ValueFacts facts)
    {
        if (facts.Shape is not { } shape)
            return facts;
        if (shape.Length > HighestRank)
            return facts with { Shape = null, Content = null, Floats = null };
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i].Value is < 0)
            {
                Dim[] dims = Array.ConvertAll(shape, d => d.Value is < 0 ? Unknown() : d);
                return facts with { Shape = dims, Content = null, Floats = null };
            }
        }
        return facts;
    }

    // More or fewer elements than the shape holds come from graphs that fail when they run, and from files that say a wrong shape.
    private static bool HasOtherCount(ValueFacts facts) =>
        (facts.Content?.Length ?? facts.Floats?.Length) is { } elements && facts.Count()?.Value is { } count && count != elements;

    // What was inferred holds; what is not known is taken from the file.
    private ValueFacts Merged(string name, ValueFacts inferred)
    {
        if (_declared is null || !_declared.TryGetValue(name, out OnnxType? type))
            return inferred;
        if (inferred.Kind == ValueKind.Unknown)
            return Checked(Declared(type, keepsNames: false));
        if (inferred.Kind != ValueKind.Tensor || type is not OnnxType.Tensor tensor)
            return inferred;
        ElementType element = inferred.Element == ElementType.Undefined ? tensor.Element : inferred.Element;
        bool contradicts = tensor.Element != ElementType.Undefined && tensor.Element != element;
        if (tensor.Shape is { } said)
        {
            if (inferred.Shape is null)
                inferred = Checked(inferred with { Shape = Declared(said, keepsNames: false) });
            else if (inferred.Shape.Length != said.Length)
                contradicts = true;
            else
                inferred = Merged(inferred, said, ref contradicts);
        }
        if (contradicts)
            _state.Note("The file says that '" + name + "' is " + Declared(type, keepsNames: true) + "; it is " + inferred + ".");
        return element == inferred.Element ? inferred : inferred with { Element = element };
    }

    private static ValueFacts Merged(ValueFacts inferred, Dimension[] said, ref bool contradicts)
    {
        Dim[] shape = inferred.Shape!;
        Dim[]? merged = null;
        for (int i = 0; i < said.Length; i++)
        {
            if (said[i].Value is not { } number || number < 0 || shape[i].Value == number)
                continue;
            if (shape[i].Value != null)
                contradicts = true;
            else if (!shape[i].IsKnown)
                (merged ??= (Dim[])shape.Clone())[i] = Dim.Of(number);
        }
        return merged is null ? inferred : inferred with { Shape = merged };
    }

    // An unnamed dimension is unlike any other, and so is a named one that no input has: whoever wrote it may mean anything.
    private ValueFacts Declared(OnnxType type, bool keepsNames) => type switch
    {
        OnnxType.Tensor tensor => ValueFacts.Tensor(tensor.Element, tensor.Shape is { } shape ? Declared(shape, keepsNames) : null),
        // Elements of a sequence differ in shape, whatever is said of them: ONNX Runtime looks at their type only.
        OnnxType.Sequence sequence => new ValueFacts { Kind = ValueKind.Sequence, Item = Declared(sequence.Element, keepsNames) with { Shape = null } },
        OnnxType.Optional optional => new ValueFacts { Kind = ValueKind.Optional, Item = Declared(optional.Element, keepsNames) },
        _ => ValueFacts.Unknown,
    };

    private Dim[] Declared(Dimension[] shape, bool keepsNames)
    {
        Dim[] dims = new Dim[shape.Length];
        for (int i = 0; i < dims.Length; i++)
        {
            // ONNX Runtime takes negative numbers for unknown.
            dims[i] = shape[i].Value is >= 0 ? Dim.Of(shape[i].Value!.Value)
                : shape[i].Name is { Length: > 0 } name && (keepsNames || _state.IsInputDimension(name)) ? _state.Named(name)
                : Unknown();
        }
        return dims;
    }
}
