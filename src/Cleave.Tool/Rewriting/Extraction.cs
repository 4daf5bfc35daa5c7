using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>Makes a model of some nodes of another: what they read from outside are its inputs, what others read of them its outputs.</summary>
internal sealed class Extraction
{
    private readonly ModelProto _model;
    private readonly GraphFacts _facts;
    private readonly GraphIndex _index;

    public Extraction(ModelProto model)
    {
        _model = model;
        _facts = ShapeInference.Infer(ModelMessage.Graph(model));
        _index = new GraphIndex(_facts.Model);
    }

    public IReadOnlyList<Node> Nodes => _index.Nodes;

    /// <summary>Values at the border whose type is not known: a viewer shows them, but ONNX Runtime does not run such a model.</summary>
    public List<string> Untyped { get; } = [];

    /// <summary>The part that some values need.</summary>
    /// <exception cref="RewriteException">One of them is no result of a node.</exception>
    public ModelProto For(IReadOnlyList<string> outputs)
    {
        OutputCandidates candidates = new(_facts.Model);
        foreach (string output in outputs.Where(o => _index.Producer(o) < 0))
        {
            string why = candidates.Exists(output) || candidates.BodyOf(output) != null
                ? candidates.WhyNot(output) ?? "no node makes it"
                : "there is no such value; " + NodeSelection.Nearest(output, candidates.Names().Where(n => _index.Producer(n) >= 0));
            throw new RewriteException($"--outputs {output}: {why}.");
        }
        bool[] needed = _index.NodesFor(outputs);
        return Of([.. Enumerable.Range(0, needed.Length).Where(i => needed[i])], [.. outputs.Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>The part of these nodes.</summary>
    public ModelProto For(IReadOnlyList<int> nodes) => Of(nodes, null);

    private ModelProto Of(IReadOnlyList<int> nodes, IReadOnlyList<string>? outputs)
    {
        // Constants come with whoever reads them.
        SortedSet<int> chosen = [.. nodes, .. nodes.SelectMany(_index.Reads).Select(_index.Producer).Where(p => p >= 0 && ConstantNode.IsConstant(Nodes[p]))];
        HashSet<string> made = [.. chosen.SelectMany(n => Nodes[n].Outputs).Where(o => o.Length > 0)];
        string[] reads = [.. chosen.SelectMany(_index.Reads).Distinct(StringComparer.Ordinal).Where(r => !made.Contains(r))];
        outputs ??= Written(chosen, made);
        HashSet<string> outer = [.. reads, .. outputs];
        ModelProto part = _model.Clone();
        GraphProto graph = part.Graph;
        graph.Node.Clear();
        graph.Node.AddRange(chosen.Select(n => _model.Graph.Node[n]));
        ModelEdit.Remove(graph.Initializer, i => !outer.Contains(i.Name));
        ModelEdit.Remove(graph.SparseInitializer, i => !outer.Contains(i.Values.Name));
        graph.Input.Clear();
        graph.Input.AddRange(reads.Where(r => !_index.IsInitializer(r)).Select(Value));
        graph.Output.Clear();
        graph.Output.AddRange(outputs.Select(Value));
        graph.ValueInfo.Clear();
        graph.ValueInfo.AddRange(made.Except(outputs).Order(StringComparer.Ordinal).Select(Inner).OfType<ValueInfoProto>());
        ModelEdit edit = new(part);
        edit.AllowPlainInitializers();
        edit.ForgetLostValues();
        ConstantNodes.Apply(edit);
        return part;
    }

    // What leaves the part; where nothing does, what nobody reads.
    private string[] Written(SortedSet<int> chosen, HashSet<string> made)
    {
        HashSet<string> readOutside = [.. Enumerable.Range(0, Nodes.Count).Where(i => !chosen.Contains(i)).SelectMany(_index.Reads)];
        HashSet<string> readInside = [.. chosen.SelectMany(_index.Reads)];
        string[] results = [.. chosen.Where(n => !ConstantNode.IsConstant(Nodes[n])).SelectMany(n => Nodes[n].Outputs).Where(made.Contains)];
        string[] leaving = [.. results.Where(r => _index.IsOutput(r) || readOutside.Contains(r))];
        if (leaving.Length == 0)
            leaving = [.. results.Where(r => !readInside.Contains(r))];
        return leaving.Length > 0 ? leaving : throw new RewriteException("--nodes: these are constants only, and make no model.");
    }

    // The model's own inputs and outputs stay as the file has them.
    private ValueInfoProto Value(string name)
    {
        ValueInfoProto? own = _model.Graph.Input.Concat(_model.Graph.Output).FirstOrDefault(v => v.Name == name);
        ValueInfoProto value = own ?? Inner(name) ?? new ValueInfoProto { Name = name };
        if (value.Type is null)
            Untyped.Add(name);
        return value;
    }

    private ValueInfoProto? Inner(string name) =>
        InferredType.Value(name, _facts.Of(name)) ?? _model.Graph.ValueInfo.Concat(_model.Graph.Output).FirstOrDefault(v => v.Name == name);
}
