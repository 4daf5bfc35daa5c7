using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>What is known of the values of a graph, and what was odd about it. Made by <see cref="ShapeInference"/>.</summary>
/// <param name="model">The model.</param>
/// <param name="order">See <see cref="Order"/>.</param>
/// <param name="values">See <see cref="Values"/>.</param>
/// <param name="notes">See <see cref="Notes"/>.</param>
/// <param name="prove">Finds <see cref="Proven"/>; null where these facts are proven themselves.</param>
internal sealed class GraphFacts(OnnxModel model, int[] order, IReadOnlyDictionary<string, ValueFacts> values, IReadOnlyList<string> notes, Func<GraphFacts>? prove)
{
    private HashSet<string>? _steady;
    private GraphFacts? _proven;

    public OnnxModel Model { get; } = model;

    /// <summary>Positions of the nodes, each after those whose outputs it reads; the file's order where that is one.</summary>
    public int[] Order { get; } = order;

    /// <summary>What is known of each value of the outer graph: inputs, initializers, outputs of nodes.</summary>
    public IReadOnlyDictionary<string, ValueFacts> Values { get; } = values;

    /// <summary>For people: contradictions with what the file says, operator sets newer than known. Text from the model is in it.</summary>
    public IReadOnlyList<string> Notes { get; } = notes;

    /// <summary>What is known without what the file states of inner values, which ONNX Runtime does not check: for what would give wrong results if it were not so. Found when it is first asked.</summary>
    public GraphFacts Proven => _proven ??= prove?.Invoke() ?? this;

    /// <summary>What is known of a value; nothing, where there is no such value.</summary>
    public ValueFacts Of(string name) => Values.TryGetValue(name, out ValueFacts? facts) ? facts : ValueFacts.Unknown;

    /// <summary>Whether calls of equal dimensions give the value equal shapes, though its shape here may not say which (<see cref="SteadyShapes"/>). Found when it is first asked.</summary>
    public bool IsSteady(string name) => (_steady ??= SteadyShapes.Of(this)).Contains(name);

    /// <summary>The value's shape in numbers; null where one of them does not follow from the given dimensions.</summary>
    public long[]? ShapeAt(string name, Func<string, long?> dimension)
    {
        if (Of(name).Shape is not { } shape)
            return null;
        long[] numbers = new long[shape.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i].Evaluate(dimension) is not { } number)
                return null;
            numbers[i] = number;
        }
        return numbers;
    }
}
