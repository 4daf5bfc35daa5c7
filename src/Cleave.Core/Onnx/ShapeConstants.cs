using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>
/// Keeps the elements of the small constants that shapes depend on: those that are shape arguments, or reach one through the
/// operators shapes are computed with. Decided by the graph alone, so it is the same for every training of a model.
/// </summary>
internal sealed class ShapeConstants
{
    private readonly List<ShapeScope> _scopes = [];
    private readonly Stack<(ShapeScope Scope, string Name, bool Floats)> _open = new();
    private readonly Dictionary<(string, string), FunctionCalls> _calls = [];
    private readonly TensorValues _values;

    private ShapeConstants(WireReader wire) => _values = new TensorValues(wire);

    public static void Keep(OnnxModel model, WireReader wire)
    {
        ShapeConstants constants = new(wire);
        foreach (ModelFunction function in model.Functions)
            constants._calls[(function.Domain, function.Name)] = new FunctionCalls();
        foreach (ModelFunction function in model.Functions)
            constants.Enter(new ShapeScope(null, function.Nodes, [], function));
        constants.Enter(new ShapeScope(null, model.Graph.Nodes, model.Graph.Initializers, null));
        while (constants._open.Count > 0)
        {
            (ShapeScope scope, string name, bool floats) = constants._open.Pop();
            constants.Need(scope, name, floats);
        }
        foreach (ShapeScope scope in constants._scopes)
            constants.KeepInitializers(scope);
    }

    private void Enter(ShapeScope scope)
    {
        _scopes.Add(scope);
        foreach (Node node in scope.Nodes)
        {
            scope.Add(node);
            if (_calls.Count > 0 && _calls.TryGetValue((node.Domain, node.OpType), out FunctionCalls? calls))
                calls.Add(scope, node);
            int arguments = ShapeArguments.Of(node);
            if (arguments != 0)
                Open(scope, node, arguments, ShapeArguments.FloatsOf(node));
            foreach (NodeAttribute attribute in node.Attributes)
            {
                foreach (OnnxGraph body in attribute.Graphs)
                    Enter(new ShapeScope(scope, body.Nodes, body.Initializers, null));
            }
        }
    }

    private void Open(ShapeScope scope, Node node, int inputs, int floats)
    {
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            // All inputs of a node of very many, as of a Concat, are meant by all bits.
            int bit = i < 31 ? 1 << i : int.MinValue;
            if ((inputs & bit) != 0 && node.Inputs[i].Length > 0)
                _open.Push((scope, node.Inputs[i], (floats & bit) != 0));
        }
    }

    // A shape depends on a value: goes on to what the value is computed from.
    private void Need(ShapeScope scope, string name, bool floats)
    {
        if (!scope.Need(name, floats))
            return;
        if (scope.Producer(name) is { } node)
        {
            if (node.Constant is { } constant)
                KeepConstant(node.Attributes[0], constant, floats);
            else if (node.OpType == "ConstantOfShape")
                KeepValueOf(node, floats);
            else
                Trace(scope, node, floats && scope.FollowsFromShapes(name));
        }
        else if (scope.Outer is { } outer)
        {
            _open.Push((outer, name, floats));
        }
        else if (scope.Function is { } function)
        {
            NeedArgument(function, name, floats);
        }
    }

    private void Trace(ShapeScope scope, Node node, bool floats)
    {
        // A Cast is what a float on the way to a whole number passes through; its own input decides whether it is followed.
        bool mayBeFloats = ShapeArguments.IsCast(node) ? scope.FollowsFromShapes(node.Outputs[0]) : floats && !ShapeArguments.IsComparison(node);
        Open(scope, node, ShapeArguments.Computes(node), mayBeFloats ? -1 : 0);
    }

    private void NeedArgument(ModelFunction function, string name, bool floats)
    {
        foreach ((ShapeScope scope, string argument) in _calls[(function.Domain, function.Name)].Take(function, name, floats))
            _open.Push((scope, argument, floats));
    }

    private void KeepConstant(NodeAttribute attribute, TensorInfo constant, bool floats)
    {
        if (attribute.Kind == AttributeKind.Tensor)
            _values.Keep(constant, floats);
        else if (constant.SmallCount() is null)
            return;
        else if (constant.Element == ElementType.Int64)
            constant.Keep(attribute.Ints, null);
        else if (floats)
            constant.Keep(null, attribute.Floats);
    }

    private void KeepValueOf(Node node, bool floats)
    {
        foreach (NodeAttribute attribute in node.Attributes)
        {
            if (attribute is { Name: "value", Kind: AttributeKind.Tensor, Reference: null })
                _values.Keep(attribute.Tensors[0], floats);
        }
    }

    private void KeepInitializers(ShapeScope scope)
    {
        if (!scope.NeedsAny)
            return;
        foreach (TensorInfo tensor in scope.Initializers)
        {
            if (tensor.SmallCount() != null && scope.Needs(tensor.Name, out bool floats))
                _values.Keep(tensor, floats);
        }
    }
}
