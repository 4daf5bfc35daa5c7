using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// The nodes that run, as ONNX Runtime's transformers see them: constants are inputs without a producer, and nodes that it removes
/// first are seen through. Values are numbers.
/// </summary>
internal sealed class FusionView
{
    private readonly GraphFacts _facts;
    private readonly Dictionary<string, int> _numbers;
    private readonly List<string> _names = [];
    private readonly List<int> _producers = [];
    private readonly List<bool> _isConstant = [];
    private readonly List<bool> _isWanted = [];
    private readonly List<List<int>?> _uses = [];
    private readonly HashSet<string> _present = new(StringComparer.Ordinal);
    private BlockedValues? _layout;

    [MethodImpl(JustInTime.Optimized)]
    public FusionView(GraphIndex index, GraphFacts facts, NodeRole[] roles, IReadOnlyList<string> outputs)
    {
        _facts = facts;
        int count = roles.Length;
        _numbers = new Dictionary<string, int>(count * 2, StringComparer.Ordinal);
        Nodes = index.Nodes;
        Operators = new string[count];
        Inputs = new int[count][];
        Outputs = new int[count][];
        List<int> order = new(count);
        DuplicateNodes duplicates = new();
        foreach (int node in facts.Order)
        {
            Operators[node] = "";
            Inputs[node] = Outputs[node] = [];
            if (roles[node] is NodeRole.Dead)
                continue;
            Node described = Nodes[node];
            if (roles[node] is NodeRole.Constant)
            {
                AddConstants(described);
                continue;
            }
            Inputs[node] = Array.ConvertAll(described.Inputs, name => name.Length == 0 ? -1 : Number(name, index));
            if (roles[node] is NodeRole.PassThrough)
            {
                PassThroughs.Add(node);
                _numbers[described.Outputs[0]] = Inputs[node][0];
                continue;
            }
            if (duplicates.Original(described, Inputs[node], node) is { } original)
            {
                Duplicates.Add((node, original));
                for (int i = 0; i < described.Outputs.Length; i++)
                    _numbers[described.Outputs[i]] = Outputs[original][i];
                continue;
            }
            order.Add(node);
            Operators[node] = described.Domain.Length == 0 ? described.OpType : described.Domain + ":" + described.OpType;
            _present.Add(Operators[node]);
            Outputs[node] = Array.ConvertAll(described.Outputs, name => name.Length == 0 ? -1 : Add(name, node, false));
            AddUses(node, index);
        }
        Order = [.. order];
        foreach (string output in outputs)
        {
            if (_numbers.TryGetValue(output, out int value))
                _isWanted[value] = true;
        }
    }

    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Nodes that compute what another one computes already; ONNX Runtime removes them, so they are seen through.</summary>
    public List<(int Node, int Original)> Duplicates { get; } = [];

    /// <summary>Nodes that ONNX Runtime removes, so they are seen through.</summary>
    public List<int> PassThroughs { get; } = [];

    /// <summary>The nodes that run and are not seen through, each after those it reads.</summary>
    public int[] Order { get; }

    /// <summary>What ONNX Runtime holds in blocks of channels at level ALL.</summary>
    public BlockedValues Layout => _layout ??= new BlockedValues(this);

    /// <summary>By node: the operator; with its domain where that is not ONNX's own. Empty for nodes that are no part of this view.</summary>
    public string[] Operators { get; }

    /// <summary>By node: the values of its inputs; -1 for those left out.</summary>
    public int[][] Inputs { get; }

    /// <summary>By node: the values of its outputs; -1 for those left out.</summary>
    public int[][] Outputs { get; }

    /// <summary>Those of <see cref="Order"/> that are of some operators.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public int[] With(params string[] operators)
    {
        List<int> found = [];
        foreach (int node in Order)
        {
            if (Array.IndexOf(operators, Operators[node]) >= 0)
                found.Add(node);
        }
        return [.. found];
    }

    /// <summary>Whether one of <see cref="Order"/> is of an operator.</summary>
    public bool Has(string op) => _present.Contains(op);

    public int Producer(int value) => value < 0 ? -1 : _producers[value];

    public bool IsConstant(int value) => value >= 0 && _isConstant[value];

    /// <summary>Whether a caller asks for the value.</summary>
    public bool IsWanted(int value) => value >= 0 && _isWanted[value];

    /// <summary>The nodes that read a value, one for each edge.</summary>
    public IReadOnlyList<int> Uses(int value) => value >= 0 && _uses[value] is { } uses ? uses : [];

    public ValueFacts Facts(int value) => value < 0 ? ValueFacts.Unknown : _facts.Of(_names[value]);

    /// <summary>The value of an input; -1 where it is left out.</summary>
    public int Input(int node, int index) => index < Inputs[node].Length ? Inputs[node][index] : -1;

    /// <summary>Whether a node's first output is read over one edge alone, nobody asks for it, and its other outputs are not used.</summary>
    public bool HasOneUse(int node)
    {
        int[] outputs = Outputs[node];
        if (outputs.Length == 0 || Uses(outputs[0]).Count != 1 || IsWanted(outputs[0]))
            return false;
        for (int i = 1; i < outputs.Length; i++)
        {
            if (Uses(outputs[i]).Count > 0 || IsWanted(outputs[i]))
                return false;
        }
        return true;
    }

    /// <summary>Whether no value of a node is read or wanted outside some nodes.</summary>
    public bool IsInside(int node, Func<int, bool> belongs)
    {
        foreach (int output in Outputs[node])
        {
            if (IsWanted(output))
                return false;
            foreach (int use in Uses(output))
            {
                if (!belongs(use))
                    return false;
            }
        }
        return true;
    }

    /// <summary>A whole-number attribute.</summary>
    public long Int(int node, string name, long otherwise) => Nodes[node].Int(name, otherwise);

    public long[]? Ints(int node, string name) => Nodes[node].Ints(name);

    private void AddConstants(Node node)
    {
        foreach (string output in node.Outputs)
        {
            if (output.Length > 0)
                Add(output, -1, true);
        }
    }

    private int Number(string name, GraphIndex index) =>
        _numbers.TryGetValue(name, out int value) ? value : Add(name, -1, index.IsInitializer(name));

    private int Add(string name, int producer, bool isConstant)
    {
        int value = _names.Count;
        _numbers[name] = value;
        _names.Add(name);
        _producers.Add(producer);
        _isConstant.Add(isConstant);
        _isWanted.Add(false);
        _uses.Add(null);
        return value;
    }

    // One for each edge; what bodies take from outside counts, too.
    private void AddUses(int node, GraphIndex index)
    {
        foreach (int value in Inputs[node])
            Use(value);
        // What its bodies read comes after its inputs; without bodies there is no more, and some nodes have very many inputs.
        if (Array.TrueForAll(Nodes[node].Attributes, static a => a.Graphs.Length == 0))
            return;
        string[] reads = index.Reads(node);
        for (int i = 0; i < reads.Length; i++)
        {
            if (Array.IndexOf(Nodes[node].Inputs, reads[i]) < 0)
                Use(Number(reads[i], index));
        }

        void Use(int value)
        {
            if (value >= 0)
                (_uses[value] ??= []).Add(node);
        }
    }
}
