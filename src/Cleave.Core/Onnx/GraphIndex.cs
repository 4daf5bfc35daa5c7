using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>What slicing needs to know of a model's graph: who produces and reads each value, and which nodes are constant.</summary>
internal sealed class GraphIndex
{
    private readonly Dictionary<string, int> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorInfo> _initializers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SparseTensorInfo> _sparseInitializers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ValueInfo> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inputs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _outputs = new(StringComparer.Ordinal);
    private readonly HashSet<(string Domain, string Name)> _functions = [];
    private readonly string[][] _reads;
    private readonly int[][] _sources;
    private readonly bool[] _isConstant;
    private int[][]? _readers;

    /// <param name="model">The model.</param>
    /// <param name="order">The order of its nodes (<see cref="NodeOrder.Of"/>), where it was found already.</param>
    [MethodImpl(JustInTime.Optimized)]
    public GraphIndex(OnnxModel model, int[]? order = null)
    {
        Model = model;
        OnnxGraph graph = model.Graph;
        foreach (ModelFunction function in model.Functions)
            _functions.Add((function.Domain, function.Name));
        foreach (TensorInfo tensor in graph.Initializers)
            _initializers[tensor.Name] = tensor;
        foreach (SparseTensorInfo tensor in graph.SparseInitializers)
            _sparseInitializers[tensor.Name] = tensor;
        foreach (ValueInfo value in graph.ValueInfos)
            _values[value.Name] = value;
        foreach (ValueInfo output in graph.Outputs)
        {
            _values[output.Name] = output;
            _outputs.Add(output.Name);
        }
        foreach (ValueInfo input in graph.Inputs)
        {
            if (IsInitializer(input.Name))
                continue;
            _values[input.Name] = input;
            _inputs.Add(input.Name);
        }
        Outputs = new string[graph.Outputs.Count];
        for (int i = 0; i < Outputs.Length; i++)
            Outputs[i] = graph.Outputs[i].Name;
        _reads = new string[graph.Nodes.Count][];
        _sources = new int[graph.Nodes.Count][];
        _isConstant = new bool[graph.Nodes.Count];
        for (int i = 0; i < _reads.Length; i++)
        {
            Node node = graph.Nodes[i];
            _reads[i] = Captures.ReadsOf(node);
            foreach (string output in node.Outputs)
            {
                if (output.Length > 0)
                    _producers[output] = i;
            }
        }
        for (int i = 0; i < _sources.Length; i++)
            _sources[i] = SourcesOf(_reads[i]);
        Order = order ?? NodeOrder.Of(graph.Nodes, out _);
        foreach (int i in Order)
            _isConstant[i] = IsDeterministic(graph.Nodes[i]) && ReadsConstants(i);
    }

    public OnnxModel Model { get; }

    public IReadOnlyList<Node> Nodes => Model.Graph.Nodes;

    /// <summary>Positions of the nodes, each after those whose outputs it reads.</summary>
    public int[] Order { get; }

    /// <summary>Names of the model's outputs, in its order.</summary>
    public string[] Outputs { get; }

    /// <summary>Whether a value is an input of the model: one the caller must give, so not an initializer.</summary>
    public bool IsInput(string name) => _inputs.Contains(name);

    public bool IsOutput(string name) => _outputs.Contains(name);

    public bool IsInitializer(string name) => _initializers.ContainsKey(name) || _sparseInitializers.ContainsKey(name);

    public TensorInfo? Initializer(string name) => _initializers.TryGetValue(name, out TensorInfo? tensor) ? tensor : null;

    public SparseTensorInfo? SparseInitializer(string name) =>
        _sparseInitializers.TryGetValue(name, out SparseTensorInfo? tensor) ? tensor : null;

    /// <summary>What the file says of a value; null where it says nothing.</summary>
    public ValueInfo? Value(string name) => _values.TryGetValue(name, out ValueInfo? value) ? value : null;

    /// <summary>The node that produces a value; -1 for inputs and initializers.</summary>
    public int Producer(string name) => _producers.TryGetValue(name, out int node) ? node : -1;

    /// <summary>The values that a node reads, those included that its bodies take from outside.</summary>
    public string[] Reads(int node) => _reads[node];

    /// <summary>By place in <see cref="Reads"/>: the node that produces the value; -1 for inputs and initializers.</summary>
    public int[] Sources(int node) => _sources[node];

    /// <summary>The nodes that read what a node makes, each once. Found when it is first asked for.</summary>
    public int[] Readers(int node) => (_readers ??= FindReaders())[node];

    /// <summary>Whether a node gives the same in every call: nothing it reads comes from an input.</summary>
    public bool IsConstant(int node) => _isConstant[node];

    /// <summary>By position of the node: whether one of the values depends on it.</summary>
    public bool[] NodesFor(IEnumerable<string> values)
    {
        bool[] needed = new bool[_reads.Length];
        Stack<string> open = new(values);
        while (open.Count > 0)
        {
            int producer = Producer(open.Pop());
            if (producer < 0 || needed[producer])
                continue;
            needed[producer] = true;
            foreach (string read in _reads[producer])
                open.Push(read);
        }
        return needed;
    }

    private int[] SourcesOf(string[] reads)
    {
        int[] sources = new int[reads.Length];
        for (int i = 0; i < sources.Length; i++)
            sources[i] = Producer(reads[i]);
        return sources;
    }

    private int[][] FindReaders()
    {
        List<int>?[] readers = new List<int>?[_sources.Length];
        for (int i = 0; i < _sources.Length; i++)
        {
            foreach (int source in _sources[i])
            {
                // The node at hand is the last one of those that were added.
                if (source >= 0 && (readers[source] is not { } known || known[known.Count - 1] != i))
                    (readers[source] ??= []).Add(i);
            }
        }
        return Array.ConvertAll(readers, static r => r is null ? [] : r.ToArray());
    }

    private bool ReadsConstants(int node)
    {
        int[] sources = _sources[node];
        for (int i = 0; i < sources.Length; i++)
        {
            if ((sources[i] < 0 || !_isConstant[sources[i]]) && !IsInitializer(_reads[node][i]))
                return false;
        }
        return true;
    }

    /// <summary>Whether a node runs a function of the model, or names one: ONNX Runtime may run its own operator of that name instead.</summary>
    public bool IsFunction(Node node) => Model.Functions.Count > 0 && _functions.Contains((node.Domain, node.OpType));

    // Bodies, functions and other domains may do anything.
    private bool IsDeterministic(Node node)
    {
        if (node.Domain.Length > 0 || IsFunction(node))
            return false;
        foreach (NodeAttribute attribute in node.Attributes)
        {
            if (attribute.Graphs.Length > 0)
                return false;
        }
        return node.OpType is not ("RandomNormal" or "RandomNormalLike" or "RandomUniform" or "RandomUniformLike"
            or "Bernoulli" or "Multinomial" or "Dropout");
    }
}
