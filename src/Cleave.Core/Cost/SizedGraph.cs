using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;

namespace Cleave.Core.Cost;

/// <summary>A planned graph at given dimensions: every shape in numbers, as far as it is known.</summary>
internal sealed class SizedGraph
{
    private readonly Dictionary<string, long[]?> _shapes = new(StringComparer.Ordinal);
    private readonly Func<string, long?> _dimension;
    private readonly GroupShape?[] _groups;
    // Made once: planners ask for the sizes of every node, several times.
    private readonly Func<string, long[]?> _shape;
    private readonly Func<string, bool> _isConstant;
    private readonly Func<string, ElementType> _element;
    private readonly bool _hasBranches;
    private readonly long _opset;
    private GraphFacts? _facts;

    /// <param name="graph">The graph.</param>
    /// <param name="dimension">The size of each named dimension; null where there is none.</param>
    [MethodImpl(JustInTime.Optimized)]
    public SizedGraph(PlanGraph graph, Func<string, long?> dimension)
    {
        Graph = graph;
        _dimension = dimension;
        _groups = new GroupShape?[graph.Groups.Count];
        _shape = Shape;
        _isConstant = IsConstant;
        _element = value => graph.Facts.Of(value).Element;
        foreach (OpsetImport import in graph.Model.Opsets)
            _opset = import.Domain.Length == 0 ? import.Version : _opset;
        HashSet<string> weights = new(StringComparer.Ordinal), held = new(StringComparer.Ordinal);
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (graph.Roles[i] is NodeRole.Dead or NodeRole.Constant)
                continue;
            _hasBranches |= graph.Nodes[i] is { Domain: "", OpType: "If" };
            WeightBytes += FileBytes(graph.Index.Reads(i), weights) + BodyBytes(graph.Nodes[i]);
            foreach (string input in graph.Nodes[i].Inputs)
            {
                if (input.Length > 0 && IsConstant(input) && held.Add(input))
                    HeldWeightBytes += _element(input) == ElementType.Float16 ? Bytes(input) * 2 : Bytes(input);
            }
        }
    }

    /// <param name="graph">The graph.</param>
    /// <param name="sizes">By name of the dimension.</param>
    public SizedGraph(PlanGraph graph, IReadOnlyDictionary<string, long> sizes)
        : this(graph, name => sizes.TryGetValue(name, out long size) ? size : null)
    {
    }

    public PlanGraph Graph { get; }

    /// <summary>Bytes of all constants that nodes and their bodies read, as the file holds them: what is dequantised is kept in 8 bits, also where it is transposed or cast then.</summary>
    public double WeightBytes { get; }

    /// <summary>Bytes of the constants that nodes take, as kernels read them: floats of 16 bits are computed in 32.</summary>
    public double HeldWeightBytes { get; }

    // Of what a node reads that was not counted yet: constants down to what the file holds of them. What is computed of those, ONNX Runtime computes when it opens the model.
    private double FileBytes(string[] reads, HashSet<string> counted)
    {
        double bytes = 0;
        Stack<string> open = new(reads);
        while (open.Count > 0)
        {
            string value = open.Pop();
            if (!IsConstant(value) || !counted.Add(value))
                continue;
            if (Graph.Index.Producer(value) is not (>= 0 and var producer) || ConstantNode.IsConstant(Graph.Nodes[producer]))
            {
                bytes += Bytes(value);
                continue;
            }
            bytes += BodyBytes(Graph.Nodes[producer]);
            foreach (string read in Graph.Index.Reads(producer))
                open.Push(read);
        }
        return bytes;
    }

    // Of the weights that only its bodies have.
    private static double BodyBytes(Node node)
    {
        double bytes = 0;
        foreach (NodeAttribute attribute in node.Attributes)
        {
            foreach (OnnxGraph body in attribute.Graphs)
                TensorWalk.VisitGraph(body, tensor => bytes += tensor.ByteSize);
        }
        return bytes;
    }

    /// <summary>Which part of the nodes that run gives something of known size: what the cost of the others is, nothing can be said of.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public double KnownPart()
    {
        int run = 0, known = 0;
        for (int i = 0; i < Graph.Nodes.Count; i++)
        {
            if (Graph.GroupOf[i] < 0)
                continue;
            run++;
            if (HasKnownOutput(Graph.Nodes[i]))
                known++;
        }
        return run == 0 ? 1 : (double)known / run;
    }

    private bool HasKnownOutput(Node node)
    {
        foreach (string output in node.Outputs)
        {
            if (output.Length > 0 && Shape(output) is not null)
                return true;
        }
        return false;
    }

    public long[]? Shape(string value)
    {
        if (!_shapes.TryGetValue(value, out long[]? shape))
            _shapes[value] = shape = Graph.Facts.ShapeAt(value, _dimension) ?? (_hasBranches ? FactsHere().ShapeAt(value, _dimension) : null);
        return shape;
    }

    // Names leave open which branch an If takes by a dimension, and all that follows from it.
    private GraphFacts FactsHere() => _facts ??= ShapeInference.Infer(Graph.Model, _dimension);

    /// <summary>A group by its position, found once: planners ask for each in many segments.</summary>
    public GroupShape Group(int position) => _groups[position] ??= new GroupShape(this, Graph.Groups[position]);

    /// <summary>Whether a value is the same in every call.</summary>
    public bool IsConstant(string value) =>
        Graph.Index.IsInitializer(value) || (Graph.Index.Producer(value) is >= 0 and var node && Graph.Roles[node] == NodeRole.Constant);

    public NodeSizes Sizes(Node node) => new(node, _shape, _isConstant, _element, _opset);

    public double Bytes(string value) => NodeSizes.Count(Shape(value)) * Math.Max(8, Graph.Facts.Of(value).Element.Bits()) / 8;
}
