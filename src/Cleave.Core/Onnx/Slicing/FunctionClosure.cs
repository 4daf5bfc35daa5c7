using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>The model-local functions that some nodes call, directly or through bodies and other functions.</summary>
internal sealed class FunctionClosure
{
    private readonly Dictionary<(string, string), List<ModelFunction>> _byName = [];
    private readonly HashSet<ModelFunction> _called = [];
    private readonly Stack<ModelFunction> _open = [];

    /// <summary>In the model's order.</summary>
    public static List<ModelFunction> Of(OnnxModel model, List<int> nodes)
    {
        List<ModelFunction> functions = [];
        if (model.Functions.Count == 0)
            return functions;
        FunctionClosure closure = new(model);
        foreach (int node in nodes)
            closure.AddCalls(model.Graph.Nodes[node]);
        while (closure._open.Count > 0)
        {
            foreach (Node node in closure._open.Pop().Nodes)
                closure.AddCalls(node);
        }
        foreach (ModelFunction function in model.Functions)
        {
            if (closure._called.Contains(function))
                functions.Add(function);
        }
        return functions;
    }

    private FunctionClosure(OnnxModel model)
    {
        foreach (ModelFunction function in model.Functions)
        {
            if (!_byName.TryGetValue((function.Domain, function.Name), out List<ModelFunction>? overloads))
                _byName.Add((function.Domain, function.Name), overloads = []);
            overloads.Add(function);
        }
    }

    // Every overload of a name: which one is called is ONNX Runtime's to decide.
    private void AddCalls(Node node)
    {
        if (_byName.TryGetValue((node.Domain, node.OpType), out List<ModelFunction>? overloads))
        {
            foreach (ModelFunction function in overloads)
            {
                if (_called.Add(function))
                    _open.Push(function);
            }
        }
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
            {
                foreach (Node inner in body.Nodes)
                    AddCalls(inner);
            }
        }
    }
}
