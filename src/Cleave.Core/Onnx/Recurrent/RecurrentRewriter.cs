using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Onnx.Recurrent;

/// <summary>
/// Takes recurrent nodes apart: a bidirectional one into its two directions, and each direction into chunks of its steps, which hand the state on. Then layer l
/// on chunk k can run beside layer l-1 on chunk k+1 (a wavefront). What keeps steps apart between two layers (Squeeze, Transpose …)
/// is done for each chunk, too. All values of the model are still made, under their names. The same model and splits give the same nodes at the same positions.
/// </summary>
internal sealed class RecurrentRewriter
{
    private const string Marker = "/chunk ";
    private const int Whole = -1;
    private const long Float = 1;

    private readonly OnnxModel _model;
    private readonly Dictionary<int, RecurrentSplit> _splits;
    private readonly List<Node> _nodes = [];
    private readonly List<NodeOrigin> _origins = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly HashSet<string> _takenByNodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long[]?> _integers = new(StringComparer.Ordinal);
    // By value: its chunks along axis 0, where they are made.
    private readonly Dictionary<string, Chunked> _chunks = new(StringComparer.Ordinal);
    // By what it is of: the state before the first step, as a value.
    private readonly Dictionary<string, string> _states = new(StringComparer.Ordinal);
    private readonly GraphIndex _index;
    private NodeOrigin _origin = new(RecurrentSplit.None, Whole);

    private RecurrentRewriter(GraphIndex index, IEnumerable<RecurrentSplit> splits)
    {
        _model = index.Model;
        _splits = splits.ToDictionary(s => s.Node);
        _index = index;
        OnnxGraph graph = _model.Graph;
        foreach (string name in graph.Inputs.Select(i => i.Name).Concat(graph.Initializers.Select(t => t.Name)).Concat(graph.Nodes.SelectMany(n => n.Outputs)))
            _taken.Add(name);
        // Of those that stay.
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            if (!_splits.ContainsKey(i))
                _takenByNodes.Add(graph.Nodes[i].Name);
        }
        foreach (TensorInfo tensor in graph.Initializers)
            _integers[tensor.Name] = tensor.Integers;
        foreach (Node node in graph.Nodes)
        {
            if (ConstantNode.IsConstant(node) && node.Outputs.Length == 1)
                _integers[node.Outputs[0]] = node.Constant?.Integers ?? (node.Attributes.Length == 1 ? node.Attributes[0].Ints : null);
        }
    }

    /// <summary>The rewritten model; its nodes stand in an order of dependence.</summary>
    /// <exception cref="ModelException">A split names no node that can be split.</exception>
    public static OnnxModel Apply(OnnxModel model, IReadOnlyCollection<RecurrentSplit> splits) =>
        splits.Count == 0 ? model : Rewrite(model, splits).Model;

    /// <summary>The same, and of what each node was made.</summary>
    /// <exception cref="ModelException">A split names no node that can be split.</exception>
    public static RewrittenModel Rewrite(OnnxModel model, IReadOnlyCollection<RecurrentSplit> splits)
    {
        GraphIndex index = new(model);
        HashSet<int> seen = [];
        foreach (RecurrentSplit split in splits)
        {
            if (!seen.Add(split.Node) || !CanBeSplit(index, split.Node) || split.Chunks < 1 || split.Steps < split.Chunks || (split.StateOf != RecurrentSplit.None && !CanBeSplit(index, split.StateOf)))
                throw new ModelException(Rules.SegmentRefused, "the time chunks", "the node " + split.Node.ToString(CultureInfo.InvariantCulture) + " cannot be divided so");
        }
        RecurrentRewriter rewriter = new(index, splits);
        return new RewrittenModel(rewriter.Apply(), rewriter._origins);
    }

    private static bool CanBeSplit(GraphIndex index, int node) =>
        node >= 0 && node < index.Nodes.Count && RecurrentNode.CanBeSplit(index.Nodes[node]) && !index.IsFunction(index.Nodes[node]);

    private OnnxModel Apply()
    {
        foreach (int position in _index.Order)
        {
            Node node = _model.Graph.Nodes[position];
            _origin = new NodeOrigin(position, Whole);
            if (_splits.TryGetValue(position, out RecurrentSplit? split))
            {
                SplitNode(node, split);
                continue;
            }
            Add(node);
            if (ChunksOf(node) is { } chunks)
                RepeatByChunk(node, chunks);
        }
        return _model with { Graph = _model.Graph with { Nodes = _nodes } };
    }

    private void SplitNode(Node node, RecurrentSplit split)
    {
        string[] directions = RecurrentNode.Direction(node) == "bidirectional" ? ["forward", "reverse"] : [RecurrentNode.Direction(node)];
        Chunked x = Inputs(node, split);
        Direction[] made = [.. directions.Select((d, i) => MakeDirection(node, split, x, d, directions.Length > 1 ? i : -1))];
        string y = RecurrentNode.Output(node, RecurrentNode.Y);
        if (y.Length > 0)
        {
            // A direction is axis 1 of the output.
            string[] chunks = made.Length == 1 ? made[0].Y
                : [.. Enumerable.Range(0, split.Chunks).Select(k => Make("Concat", made.Select(d => d.Y[k]), Chunk(y, k), Integer("axis", 1)))];
            if (split.Chunks > 1)
                _chunks[y] = new Chunked(split, chunks);
            MakeAs(split.Chunks > 1 ? "Concat" : "Identity", chunks, y, split.Chunks > 1 ? [Integer("axis", 0)] : []);
        }
        Last(RecurrentNode.LastH, d => d.H);
        Last(RecurrentNode.LastC, d => d.C);

        void Last(int output, Func<Direction, string> of)
        {
            string name = RecurrentNode.Output(node, output);
            if (name.Length > 0)
                MakeAs(made.Length > 1 ? "Concat" : "Identity", [.. made.Select(of)], name, made.Length > 1 ? [Integer("axis", 0)] : []);
        }
    }

    private Chunked Inputs(Node node, RecurrentSplit split)
    {
        string x = node.Inputs[RecurrentNode.X];
        if (_chunks.TryGetValue(x, out Chunked? known) && known.Split.Steps == split.Steps && known.Split.Chunks == split.Chunks)
            return known;
        if (split.Chunks == 1)
            return new Chunked(split, [x]);
        Chunked cut = new(split, [.. Enumerable.Range(0, split.Chunks).Select(k => Slice(x, axis: 0, split.Start(k), split.Start(k + 1), Chunk(x, k)))]);
        _chunks[x] = cut;
        return cut;
    }

    // The chunks of one direction, each with the state of the one before it; the reverse one begins with the last.
    private Direction MakeDirection(Node node, RecurrentSplit split, Chunked x, string direction, int index)
    {
        string[] arguments = (string[])node.Inputs.Clone();
        for (int i = 1; i < arguments.Length && index >= 0; i++)
        {
            if (arguments[i].Length > 0 && i != RecurrentNode.SequenceLengths)
                arguments[i] = Slice(arguments[i], axis: 0, index, index + 1, arguments[i] + "/" + direction);
        }
        NodeAttribute[] attributes = [.. node.Attributes.Where(a => a.Name is not ("direction" or "activations")),
            .. node.Attributes.Where(a => a.Name is "activations").Select(a => OfDirection(a, index)),
            new NodeAttribute("direction", AttributeKind.String) { Strings = [new AttributeText(direction, direction.Length)] }];
        string[] y = new string[split.Chunks];
        string h = RecurrentNode.Input(node, RecurrentNode.InitialH), c = RecurrentNode.Input(node, RecurrentNode.InitialC);
        if (index >= 0)
            (h, c) = (arguments.Length > RecurrentNode.InitialH ? arguments[RecurrentNode.InitialH] : "", arguments.Length > RecurrentNode.InitialC ? arguments[RecurrentNode.InitialC] : "");
        if (split.StateOf != RecurrentSplit.None)
        {
            h = State(node, split, h);
            c = RecurrentNode.HasCell(node) ? State(node, split, c) : c;
        }
        string suffix = direction + "/" + (node.Outputs.FirstOrDefault(o => o.Length > 0) ?? "");
        string module = node.Name.Length > 0 ? node.Name + "/" + direction : suffix;
        for (int step = 0; step < split.Chunks; step++)
        {
            int k = direction == "reverse" ? split.Chunks - 1 - step : step;
            string[] inputs = Arguments(node, arguments, x.Names[k], h, c);
            y[k] = Unused(Chunk(suffix + "/Y", k));
            h = Unused(Chunk(suffix + "/H", k));
            c = RecurrentNode.HasCell(node) ? Unused(Chunk(suffix + "/C", k)) : "";
            Add(new Node(NodeName(Chunk(module, k)), node.OpType, "", inputs, c.Length > 0 ? [y[k], h, c] : [y[k], h], attributes), k);
        }
        return new Direction(y, h, c);
    }

    private static string[] Arguments(Node node, string[] arguments, string x, string h, string c)
    {
        int count = Math.Max(arguments.Length, c.Length > 0 ? RecurrentNode.InitialC + 1 : h.Length > 0 ? RecurrentNode.InitialH + 1 : 0);
        string[] inputs = new string[count];
        for (int i = 0; i < count; i++)
            inputs[i] = i < arguments.Length ? arguments[i] : "";
        inputs[RecurrentNode.X] = x;
        if (h.Length > 0)
            inputs[RecurrentNode.InitialH] = h;
        if (c.Length > 0 && RecurrentNode.HasCell(node))
            inputs[RecurrentNode.InitialC] = c;
        return inputs;
    }

    // Of two directions each has half of them, the forward one the first.
    private static NodeAttribute OfDirection(NodeAttribute attribute, int index) => index < 0 ? attribute : new NodeAttribute(attribute.Name, attribute.Kind)
    {
        Strings = [.. attribute.Strings.Skip(index * (attribute.Strings.Length / 2)).Take(attribute.Strings.Length / 2)],
    };

    // The chunks that a node's inputs have, if it keeps steps apart and all it reads beside constants has the same ones.
    private RecurrentSplit? ChunksOf(Node node)
    {
        if (node.Domain.Length > 0 || node.Outputs.Length != 1 || _index.IsFunction(node) || !KeepsSteps(node) || !Array.TrueForAll(node.Attributes, NodeWriter.CanWrite))
            return null;
        RecurrentSplit? found = null;
        foreach (string input in node.Inputs)
        {
            // What Concat reads has steps, a constant, too, and that has all of them.
            if (input.Length == 0 || (_integers.ContainsKey(input) && node.OpType != "Concat"))
                continue;
            if (!_chunks.TryGetValue(input, out Chunked? chunks) || (found != null && (found.Steps != chunks.Split.Steps || found.Chunks != chunks.Split.Chunks)))
                return null;
            found = chunks.Split;
        }
        return found;
    }

    private bool KeepsSteps(Node node)
    {
        switch (node.OpType)
        {
            case "Identity" or "Relu" or "Tanh" or "Sigmoid" or "LeakyRelu" or "Elu" or "Dropout":
                return true;
            case "Squeeze":
                long[]? axes = node.Inputs.Length > 1 ? Integers(node.Inputs[1]) : node.Attribute("axes")?.Ints;
                return axes is { Length: > 0 } && Array.TrueForAll(axes, a => a > 0);
            case "Concat":
                return node.Attribute("axis")?.Ints is { Length: 1 } axis && axis[0] > 0;
            case "Transpose":
                return node.Attribute("perm")?.Ints is { Length: > 0 } permutation && permutation[0] == 0;
            case "Reshape":
                // 0 takes the dimension over.
                return node.Inputs.Length == 2 && Integers(node.Inputs[1]) is { Length: > 0 } shape && shape[0] == 0 && node.Attribute("allowzero")?.Ints is null or [0];
            default:
                return false;
        }
    }

    private void RepeatByChunk(Node node, RecurrentSplit split)
    {
        string[] names = [.. Enumerable.Range(0, split.Chunks).Select(k => Unused(Chunk(node.Outputs[0], k)))];
        for (int k = 0; k < split.Chunks; k++)
        {
            string[] inputs = Array.ConvertAll(node.Inputs, i => _chunks.TryGetValue(i, out Chunked? chunks) ? chunks.Names[k] : i);
            Add(new Node(NodeName(node.Name.Length > 0 ? Chunk(node.Name, k) : names[k]), node.OpType, "", inputs, [names[k]], node.Attributes), k);
        }
        _chunks[node.Outputs[0]] = new Chunked(split, names);
    }

    // A state that is a constant, or none, as a value that depends on a request: a constant would be part of the first chunk's session, and of no other's.
    private string State(Node node, RecurrentSplit split, string given)
    {
        bool isConstant = given.Length > 0 && (_index.IsInitializer(given) || (_index.Producer(given) is >= 0 and var producer && _index.IsConstant(producer)));
        if ((given.Length > 0 && !isConstant) || (given.Length == 0 && RecurrentNode.HiddenSize(node) is null))
            return given;
        string x = _model.Graph.Nodes[split.StateOf].Inputs[RecurrentNode.X];
        string key = given.Length > 0 ? given : x + " " + RecurrentNode.HiddenSize(node)!.Value.ToString(CultureInfo.InvariantCulture);
        if (_states.TryGetValue(key, out string? known))
            return known;
        // False, whatever the number is, one that is none included.
        string one = Make("Slice", [x, Constant(0, 0), Constant(1, 1), Constant(0, 2)], "state/step");
        string no = Make("Less", [one, one], "state/no");
        string state = isConstant
            ? Make("Where", [no, given, given], "state/" + given)
            : Make("Expand", [Make("Cast", [no], "state/zero", Integer("to", Float)), Constant(1, 1, RecurrentNode.HiddenSize(node)!.Value)], "state/zeros");
        _states.Add(key, state);
        return state;
    }

    private string Slice(string value, int axis, int start, int end, string name) =>
        Make("Slice", [value, Constant(start), Constant(end), Constant(axis)], name);

    // As a Constant node, which slicing makes an initializer of.
    private string Constant(params long[] values)
    {
        string key = "cleave/" + string.Join(",", values.Select(v => v.ToString(CultureInfo.InvariantCulture)));
        if (!_constants.TryGetValue(key, out string? name))
        {
            _constants.Add(key, name = Unused(key));
            Node constant = new(NodeName(name), "Constant", "", [], [name], [new NodeAttribute("value_ints", AttributeKind.Ints) { Ints = values }]);
            // The shapes of chunks depend on it.
            constant.Constant!.Keep(values, null);
            Add(constant);
        }
        return name;
    }

    private void Add(Node node, int chunk = Whole)
    {
        _nodes.Add(node);
        _origins.Add(_origin with { Chunk = chunk });
    }

    private string Make(string op, IEnumerable<string> inputs, string name, params NodeAttribute[] attributes)
    {
        string output = Unused(name);
        Add(new Node(NodeName(output), op, "", [.. inputs], [output], attributes));
        return output;
    }

    private void MakeAs(string op, string[] inputs, string output, NodeAttribute[] attributes) => Add(new Node(NodeName(output), op, "", inputs, [output], attributes));

    private string Unused(string name) => Unused(name, _taken);

    // ONNX Runtime refuses a graph with two nodes of one name.
    private string NodeName(string name) => Unused(name, _takenByNodes);

    // Names of a model may be anything, these too.
    private static string Unused(string name, HashSet<string> taken)
    {
        string unused = name;
        for (int number = 2; !taken.Add(unused); number++)
            unused = name + " (" + number.ToString(CultureInfo.InvariantCulture) + ")";
        return unused;
    }

    private long[]? Integers(string name) => _integers.TryGetValue(name, out long[]? integers) ? integers : null;

    private static NodeAttribute Integer(string name, long value) => new(name, AttributeKind.Int) { Ints = [value] };

    private static string Chunk(string name, int chunk) => name + Marker + chunk.ToString(CultureInfo.InvariantCulture);

    private sealed record Chunked(RecurrentSplit Split, string[] Names);

    private sealed record Direction(string[] Y, string H, string C);
}
