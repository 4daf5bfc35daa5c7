using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Slicing;

/// <summary>A segment as it was planned: which nodes (positions in the model's list; null is all), and the values it takes and gives.</summary>
internal sealed record SegmentRequest(string Name, IReadOnlyList<int>? Nodes, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes)
{
    /// <summary>The values that are asked for of the whole model; null is its outputs. What they do not need runs nowhere.</summary>
    public IReadOnlyList<string>? Outputs { get; init; }

    /// <summary>Those of its nodes that other segments have, too: what they make need not be written for readers outside.</summary>
    public IReadOnlyCollection<int> Cloned { get; init; } = [];

    /// <summary>Types of the values read and written, as far as they are known better than from the file; null: from the file alone.</summary>
    public IReadOnlyDictionary<string, OnnxType.Tensor>? Types { get; init; }
}

/// <summary>
/// What belongs into a segment's sub-model: its nodes, the constants they read wherever they are made, and
/// its inputs and outputs. A request that says otherwise is refused.
/// </summary>
internal sealed class SegmentSlice
{
    private readonly GraphIndex _index;
    private readonly SegmentRequest _request;
    private readonly bool[] _isOwn;
    private readonly bool[] _isIncluded;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _reads = new(StringComparer.Ordinal);
    private readonly Stack<string> _open = [];

    public SegmentSlice(GraphIndex index, SegmentRequest request)
    {
        _index = index;
        _request = request;
        _isOwn = OwnNodes();
        _isIncluded = new bool[_isOwn.Length];
        for (int i = 0; i < _isOwn.Length; i++)
        {
            // Constant nodes come only where somebody reads them.
            if (_isOwn[i] && !index.IsConstant(i))
                Include(i);
        }
        foreach (string write in request.Writes)
            _open.Push(write);
        while (_open.Count > 0)
            Follow(_open.Pop());
        CheckWrites();
        CheckReads();
        Nodes = IncludedNodes();
    }

    public IReadOnlyList<string> Reads => _request.Reads;

    public IReadOnlyList<string> Writes => _request.Writes;

    /// <summary>What the request says of a value's type; null where it says nothing.</summary>
    public OnnxType.Tensor? RequestedType(string name) =>
        _request.Types is { } types && types.TryGetValue(name, out OnnxType.Tensor? type) ? type : null;

    /// <summary>Whether a value is one that the whole model takes, or that is asked for of it.</summary>
    public bool IsGivenOrTaken(string name) => _index.IsInput(name) || (_request.Outputs is { } outputs ? outputs.Contains(name) : _index.IsOutput(name));

    /// <summary>Positions of the nodes, in the file's order; those that <see cref="Constants"/> holds left out.</summary>
    public List<int> Nodes { get; }

    /// <summary>Constant nodes that become initializers.</summary>
    public List<Node> Constants { get; } = [];

    public List<TensorInfo> Initializers { get; } = [];

    public List<SparseTensorInfo> SparseInitializers { get; } = [];

    /// <summary>Whether a value is made inside and neither taken nor given.</summary>
    public bool IsInner(string name)
    {
        int producer = _index.Producer(name);
        return producer >= 0 && _isIncluded[producer];
    }

    public ModelException Refused(string why) => new(Rules.SegmentRefused, _request.Name, why);

    private bool[] OwnNodes()
    {
        bool[] own = new bool[_index.Nodes.Count];
        if (_request.Nodes is null)
        {
            for (int i = 0; i < own.Length; i++)
                own[i] = true;
            return own;
        }
        foreach (int node in _request.Nodes)
        {
            if (node < 0 || node >= own.Length)
                throw Refused("there is no node " + node.ToString(CultureInfo.InvariantCulture));
            if (own[node])
                throw Refused("the node " + node.ToString(CultureInfo.InvariantCulture) + " is listed twice");
            own[node] = true;
        }
        return own;
    }

    private void Include(int node)
    {
        if (_isIncluded[node])
            return;
        _isIncluded[node] = true;
        foreach (string read in _index.Reads(node))
            _open.Push(read);
    }

    // Finds where a value comes from that the segment needs.
    private void Follow(string name)
    {
        if (!_seen.Add(name))
            return;
        int producer = _index.Producer(name);
        if (producer >= 0 && _index.IsConstant(producer))
        {
            if (ConstantNode.CanBeInitializer(_index.Nodes[producer]))
                Constants.Add(_index.Nodes[producer]);
            else
                Include(producer);
        }
        else if (producer >= 0 && _isOwn[producer])
        {
            // Made here.
        }
        else if (_index.Initializer(name) is { } tensor)
        {
            Initializers.Add(tensor);
        }
        else if (_index.SparseInitializer(name) is { } sparse)
        {
            SparseInitializers.Add(sparse);
        }
        else if (producer >= 0 || _index.IsInput(name))
        {
            _reads.Add(name);
        }
        else
        {
            throw Refused("there is no value '" + name + "'");
        }
    }

    private void CheckReads()
    {
        HashSet<string> declared = new(StringComparer.Ordinal);
        foreach (string read in _request.Reads)
        {
            if (!declared.Add(read))
                throw Refused("the read '" + read + "' is declared twice");
            // An input of the model that nobody reads stays an input.
            if (!_reads.Contains(read) && !_index.IsInput(read))
                throw Refused("it does not read '" + read + "', which is declared");
        }
        foreach (string read in _reads)
        {
            if (!declared.Contains(read))
                throw Refused("it reads '" + read + "', which is not declared");
        }
    }

    private void CheckWrites()
    {
        HashSet<string> declared = new(StringComparer.Ordinal);
        foreach (string write in _request.Writes)
        {
            if (!declared.Add(write))
                throw Refused("the write '" + write + "' is declared twice");
            if (_reads.Contains(write) && !(_index.IsInput(write) && _index.IsOutput(write)))
                throw Refused("it does not make '" + write + "', which is declared");
        }
        foreach (string output in Outputs)
        {
            if ((_request.Nodes is null || IsMadeHere(output)) && !declared.Contains(output))
                throw NotDeclared(output);
        }
        CheckReaders(declared);
    }

    private IReadOnlyList<string> Outputs => _request.Outputs ?? _index.Outputs;

    private ModelException NotDeclared(string write) => Refused("it makes '" + write + "', which is needed outside and not declared");

    // Through those of its own nodes, not through the graph: a plan may have thousands of segments.
    private void CheckReaders(HashSet<string> declared)
    {
        bool[]? runs = null;
        foreach (int node in _request.Nodes ?? [])
        {
            if (!IsMadeHere(node))
                continue;
            foreach (int reader in _index.Readers(node))
            {
                if (_isOwn[reader] || _index.IsConstant(reader) || Undeclared(node, reader, declared) is not { } write)
                    continue;
                // Seldom: a reader that no output needs.
                runs ??= _index.NodesFor(Outputs);
                if (runs[reader])
                    throw NotDeclared(write);
            }
        }
    }

    // The first value that a node makes for another one and that is not declared.
    private string? Undeclared(int node, int reader, HashSet<string> declared)
    {
        string[] reads = _index.Reads(reader);
        int[] sources = _index.Sources(reader);
        for (int i = 0; i < reads.Length; i++)
        {
            if (sources[i] == node && !declared.Contains(reads[i]))
                return reads[i];
        }
        return null;
    }

    // Constants and clones are made in every segment that reads them.
    private bool IsMadeHere(int node) => _isOwn[node] && !_index.IsConstant(node) && !_request.Cloned.Contains(node);

    private bool IsMadeHere(string name) => _index.Producer(name) is >= 0 and var producer && IsMadeHere(producer);

    private List<int> IncludedNodes()
    {
        List<int> nodes = [];
        for (int i = 0; i < _isIncluded.Length; i++)
        {
            if (_isIncluded[i])
                nodes.Add(i);
        }
        return nodes;
    }
}
