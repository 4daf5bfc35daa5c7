using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;

namespace Cleave.Tool.Rewriting;

/// <summary>A model while it is changed: its messages, and what is known of it as it is now.</summary>
internal sealed class ModelEdit(ModelProto model)
{
    // Since this version initializers need not be inputs.
    private const long LowestIrVersion = 4;

    private GraphFacts? _facts;
    private GraphIndex? _index;
    private NodeRole[]? _roles;
    private NodeRole[]? _provenRoles;
    private HashSet<string>? _bodyNames;

    public ModelProto Model { get; } = model;

    public GraphProto Graph => Model.Graph;

    public GraphFacts Facts => _facts ??= ShapeInference.Infer(ModelMessage.Graph(Model));

    public GraphIndex Index => _index ??= new GraphIndex(Facts.Model);

    /// <summary>By position of the node.</summary>
    public NodeRole[] Roles => _roles ??= NodeRoles.Of(Index, Facts, OutputNames);

    /// <summary>The same by what follows from operators alone: what a file states of its values may be wrong.</summary>
    public NodeRole[] ProvenRoles => _provenRoles ??= NodeRoles.Of(Index, Facts.Proven, OutputNames);

    public string[] OutputNames => [.. Graph.Output.Select(o => o.Name)];

    /// <summary>Every name that stands in a body: what these read stays called as it is, since bodies are not changed.</summary>
    public HashSet<string> BodyNames => _bodyNames ??= Rewriting.BodyNames.Of(Graph);

    /// <summary>The messages are not what they were: what was known of them is found anew.</summary>
    public void Changed()
    {
        _facts = null;
        _index = null;
        _roles = null;
        _provenRoles = null;
        _bodyNames = null;
    }

    /// <summary>The inputs that a caller must give.</summary>
    public IEnumerable<ValueInfoProto> Inputs()
    {
        HashSet<string> initializers = InitializerNames();
        return Graph.Input.Where(i => !initializers.Contains(i.Name));
    }

    public HashSet<string> InitializerNames() =>
        [.. Graph.Initializer.Select(i => i.Name), .. Graph.SparseInitializer.Select(i => i.Values.Name)];

    /// <summary>Before version 4 of the format every initializer had to be an input as well.</summary>
    public void AllowPlainInitializers()
    {
        if (Model.IrVersion >= LowestIrVersion)
            return;
        Model.IrVersion = LowestIrVersion;
        // Models of the first versions could leave it out.
        if (Model.OpsetImport.Count == 0)
            Model.OpsetImport.Add(new OperatorSetIdProto { Version = 1 });
    }

    /// <summary>Drops what the file says of values that are no results of nodes any more.</summary>
    public void ForgetLostValues()
    {
        HashSet<string> results = new(Graph.Node.SelectMany(n => n.Output), StringComparer.Ordinal);
        Remove(Graph.ValueInfo, v => !results.Contains(v.Name));
        HashSet<string> values = [.. results, .. InitializerNames(), .. Graph.Input.Select(i => i.Name)];
        Remove(Graph.QuantizationAnnotation, a => !values.Contains(a.TensorName));
    }

    /// <summary>Removes what meets a condition; how many that were.</summary>
    public static int Remove<T>(Google.Protobuf.Collections.RepeatedField<T> field, Predicate<T> condition)
    {
        T[] kept = [.. field.Where(f => !condition(f))];
        int removed = field.Count - kept.Length;
        if (removed > 0)
        {
            field.Clear();
            field.AddRange(kept);
        }
        return removed;
    }
}
