using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>
/// Checks that names in a model mean one thing each: every value is defined once in its graph, and whatever
/// is read is defined there or, for a body, in a graph around it. Nodes may stand in any order, but not in a cycle.
/// </summary>
internal static class GraphCheck
{
    /// <exception cref="ModelException">A name is missing or defined twice, or nodes wait for each other.</exception>
    public static void Check(OnnxModel model)
    {
        HashSet<(string, string, string)> functions = [];
        foreach (ModelFunction function in model.Functions)
        {
            if (function.Name.Length == 0)
                throw Missing("a function has no name");
            if (!functions.Add((function.Domain, function.Name, function.Overload)))
                throw Twice("function", function.Name);
            CheckFunction(function);
        }
        CheckGraph(model.Graph, null);
    }

    private static void CheckFunction(ModelFunction function)
    {
        Scope scope = new(null, function.Inputs.Length + function.Nodes.Count);
        foreach (string input in function.Inputs)
            scope.Define("input", input, Role.Input, Role.Input);
        CheckNodes(function.Nodes, scope);
        foreach (string output in function.Outputs)
        {
            if (!scope.Knows(output))
                throw Missing("the output '" + output + "' of the function '" + function.Name + "', which no node produces");
        }
    }

    private static void CheckGraph(OnnxGraph graph, Scope? outer)
    {
        Scope scope = new(outer, graph.Inputs.Count + graph.Initializers.Count + graph.Nodes.Count);
        foreach (ValueInfo input in graph.Inputs)
            scope.Define("input", input.Name, Role.Input, Role.Input);
        // An initializer may give an input its default.
        foreach (TensorInfo tensor in graph.Initializers)
            scope.Define("initializer", tensor.Name, Role.Initializer, Role.Initializer);
        foreach (SparseTensorInfo tensor in graph.SparseInitializers)
            scope.Define("initializer", tensor.Name, Role.Initializer, Role.Initializer);
        CheckNodes(graph.Nodes, scope);
        foreach (ValueInfo output in graph.Outputs)
        {
            if (!scope.Knows(output.Name))
                throw Missing("the output '" + output.Name + "', which nothing produces");
            // A body may give a value twice: its outputs go by position. The model's own are properties of one name each.
            if (outer is null)
                scope.Define("output", output.Name, Role.Output, Role.Output);
        }
    }

    private static void CheckNodes(IReadOnlyList<Node> nodes, Scope scope)
    {
        bool inOrder = true;
        foreach (Node node in nodes)
        {
            inOrder = inOrder && KnowsReads(scope, node);
            foreach (string output in node.Outputs)
            {
                if (output.Length > 0)
                    scope.Define("value", output, Role.Produced, Role.Produced | Role.Input | Role.Initializer);
            }
        }
        foreach (Node node in nodes)
        {
            foreach (string input in node.Inputs)
            {
                if (input.Length > 0 && !scope.Knows(input))
                    throw Missing("the node '" + node.Name + "' (" + node.OpType + ") reads '" + input + "', which nothing produces");
            }
            foreach (NodeAttribute attribute in node.Attributes)
            {
                foreach (OnnxGraph body in attribute.Graphs)
                    CheckGraph(body, scope);
            }
        }
        if (!inOrder)
            RefuseCycles(nodes);
    }

    // Whether all that a node reads stands before it.
    private static bool KnowsReads(Scope scope, Node node)
    {
        bool hasBodies = false;
        foreach (NodeAttribute attribute in node.Attributes)
            hasBodies |= attribute.Graphs.Length > 0;
        foreach (string read in hasBodies ? Captures.ReadsOf(node) : node.Inputs)
        {
            if (read.Length > 0 && !scope.Knows(read))
                return false;
        }
        return true;
    }

    private static void RefuseCycles(IReadOnlyList<Node> nodes)
    {
        int[] order = NodeOrder.Of(nodes, out int onCycles);
        if (onCycles == 0)
            return;
        List<Node> cycle = NodeOrder.Cycle(nodes, order, onCycles);
        string names = string.Join(", which reads ", cycle.Take(5).Select(n => "'" + n.Name + "' (" + n.OpType + ")"));
        throw new ModelException(Rules.Cycle, names + (cycle.Count > 5 ? ", and so on" : "") + ", which reads '" + cycle[0].Name + "'");
    }

    private static ModelException Missing(string what) => new(Rules.MissingName, what);

    private static ModelException Twice(string what, string name) => new(Rules.DuplicateName, what, name);

    [Flags]
    private enum Role : byte
    {
        None = 0,
        Input = 1,
        Initializer = 2,
        Produced = 4,
        Output = 8,
    }

    /// <summary>The values of one graph, inside those of the graphs around it.</summary>
    private sealed class Scope(Scope? outer, int capacity)
    {
        // The number is what the file says; memory is only taken for names that are there.
        private readonly Dictionary<string, Role> _roles = new(Math.Min(capacity, 1 << 16), StringComparer.Ordinal);

        public bool Knows(string name)
        {
            for (Scope? scope = this; scope != null; scope = scope.Outer)
            {
                if (scope._roles.ContainsKey(name))
                    return true;
            }
            return false;
        }

        public void Define(string what, string name, Role role, Role excluded)
        {
            if (name.Length == 0)
                throw Missing("an " + what + " has no name");
            _roles.TryGetValue(name, out Role known);
            if ((known & excluded) != 0)
                throw Twice(what, name);
            _roles[name] = known | role;
        }

        private Scope? Outer { get; } = outer;
    }
}
