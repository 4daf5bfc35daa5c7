using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>
/// A graph of exactly so many cheap nodes over values [batch, 16]: mostly one or two inputs, now and then up to eight; mostly
/// near neighbours, now and then a value from far back that many read.
/// </summary>
internal sealed class RandomDag(int nodes, ulong seed)
{
    private const int Width = 16;
    // What Join needs, and one more turn of Grow.
    private const int Reserved = 8;
    private const int Outputs = 4;
    // No value leaves the range where float32 is exact enough to compare.
    private const double Largest = 6;
    private readonly ModelBuilder _g = new("random_dag", seed);
    private readonly SeededNoise _random = new(seed);
    private readonly List<(string Name, double Bound)> _values = [];
    private readonly List<int> _unread = [];

    public ModelProto Build()
    {
        Add(_g.Input("x0", "batch", Width), 1);
        Add(_g.Input("x1", "batch", Width), 1);
        while (_g.Graph.Node.Count < nodes - Reserved)
            Grow();
        Join();
        return _g.ToModel();
    }

    private void Grow()
    {
        int kind = _random.Below(100);
        if (kind < 25)
            Unary();
        else if (kind < 60)
            Binary();
        else if (kind < 80)
            Product();
        else if (kind < 90)
            Variadic(3 + _random.Below(6));
        else
            Joined();
    }

    private void Unary()
    {
        (string x, double bound) = Pick();
        string op = new[] { "Tanh", "Sigmoid", "Relu", "Neg", "Abs", "Softmax" }[_random.Below(6)];
        Add(_g.Node(op, [x]), op is "Tanh" or "Sigmoid" or "Softmax" ? 1 : bound);
    }

    private void Binary()
    {
        ((string a, double one), (string b, double two)) = (Pick(), Pick());
        string op = new[] { "Add", "Sub", "Mul", "Max", "Min" }[_random.Below(5)];
        Add(_g.Node(op, [a, b]), op switch { "Mul" => one * two, "Add" or "Sub" => one + two, _ => Math.Max(one, two) });
    }

    private void Product()
    {
        (string x, double bound) = Pick();
        // Each of the eight weights is read by many nodes.
        string weight = _g.Weight($"weights.{_random.Below(8)}", Width, 1.5f, Width, Width);
        Add(_g.Node("MatMul", [x, weight]), bound * 2.5);
    }

    private void Variadic(int count)
    {
        (string Name, double Bound)[] parts = [.. Enumerable.Range(0, count).Select(_ => Pick())];
        bool sums = _random.Below(2) == 0;
        Add(_g.Node(sums ? "Sum" : "Mean", [.. parts.Select(p => p.Name)]), sums ? parts.Sum(p => p.Bound) : parts.Max(p => p.Bound));
    }

    // Two nodes: what is twice as wide goes back to the width of all others.
    private void Joined()
    {
        ((string a, double one), (string b, double two)) = (Pick(), Pick());
        string wide = _g.Node("Concat", [a, b], Attributes.Int("axis", 1));
        Add(_g.Node("MatMul", [wide, _g.Weight("narrow.weight", 2 * Width, 1.5f, 2 * Width, Width)]), Math.Max(one, two) * 3);
    }

    // What nobody reads yet goes into a few outputs; a chain makes up the number of nodes.
    private void Join()
    {
        string[] ends = [.. _unread.Select(i => _values[i].Name)];
        int size = (ends.Length + Outputs - 1) / Outputs;
        string[] outputs = [.. ends.Chunk(size).Select(part => _g.Node("Mean", part))];
        while (_g.Graph.Node.Count < nodes)
            outputs[0] = _g.Node(_g.Graph.Node.Count % 2 == 0 ? "Tanh" : "Neg", [outputs[0]]);
        for (int i = 0; i < outputs.Length; i++)
            _g.Output("y" + i, outputs[i], "batch", Width);
    }

    private (string Name, double Bound) Pick()
    {
        int index = _random.Below(100) switch
        {
            < 45 when _unread.Count > 0 => _unread[_random.Below(_unread.Count)],
            < 90 => _values.Count - 1 - _random.Below(Math.Min(_values.Count, 40)),
            _ => _random.Below(_values.Count),
        };
        _unread.Remove(index);
        return _values[index];
    }

    private void Add(string value, double bound)
    {
        if (bound > Largest)
            (value, bound) = (_g.Node("Tanh", [value]), 1);
        _unread.Add(_values.Count);
        _values.Add((value, bound));
    }
}
