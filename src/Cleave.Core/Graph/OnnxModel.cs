using System;
using System.Collections.Generic;

namespace Cleave.Core.Graph;

/// <summary>One node: an operator applied to values. An empty name among the inputs or outputs is an optional one left out.</summary>
internal sealed class Node(string name, string opType, string domain, string[] inputs, string[] outputs, NodeAttribute[] attributes)
{
    public string Name { get; } = name;

    public string OpType { get; } = opType;

    /// <summary>The operator set's domain; "" is ONNX's own ("ai.onnx" is read as "").</summary>
    public string Domain { get; } = domain;

    /// <summary>Which overload of a model-local function; usually "".</summary>
    public string Overload { get; init; } = "";

    public string[] Inputs { get; } = inputs;

    public string[] Outputs { get; } = outputs;

    public NodeAttribute[] Attributes { get; } = attributes;

    /// <summary>What a <c>Constant</c> node gives, where that is a dense tensor of numbers; null for all other nodes.</summary>
    public TensorInfo? Constant { get; } =
        opType == "Constant" && domain.Length == 0 && attributes.Length == 1 ? attributes[0].AsTensor() : null;

    /// <summary>The whole NodeProto in the file.</summary>
    public ByteRange Message { get; init; } = ByteRange.None;

    public NodeAttribute? Attribute(string name)
    {
        foreach (NodeAttribute attribute in Attributes)
        {
            if (attribute.Name == name)
                return attribute;
        }
        return null;
    }

    public long Int(string name, long otherwise) => Attribute(name) is { Ints.Length: 1 } attribute ? attribute.Ints[0] : otherwise;

    public long[]? Ints(string name) => Attribute(name) is { Kind: AttributeKind.Ints } attribute ? attribute.Ints : null;

    public string Text(string name, string otherwise) => Attribute(name) is { Strings.Length: 1 } attribute ? attribute.Strings[0].Text ?? otherwise : otherwise;
}

/// <summary>A graph: the model's own, or the body of an If, Loop or Scan. Everything is in the file's order.</summary>
internal sealed record OnnxGraph
{
    public string Name { get; init; } = "";

    public string DocString { get; init; } = "";

    public IReadOnlyList<ValueInfo> Inputs { get; init; } = Array.Empty<ValueInfo>();

    public IReadOnlyList<ValueInfo> Outputs { get; init; } = Array.Empty<ValueInfo>();

    /// <summary>What the file says of inner values.</summary>
    public IReadOnlyList<ValueInfo> ValueInfos { get; init; } = Array.Empty<ValueInfo>();

    public IReadOnlyList<TensorInfo> Initializers { get; init; } = Array.Empty<TensorInfo>();

    public IReadOnlyList<SparseTensorInfo> SparseInitializers { get; init; } = Array.Empty<SparseTensorInfo>();

    public IReadOnlyList<Node> Nodes { get; init; } = Array.Empty<Node>();

    /// <summary>The inputs that a caller gives. Weights are listed among the inputs, too, by a habit of IR 3.</summary>
    public IReadOnlyList<ValueInfo> CallerInputs()
    {
        HashSet<string> weights = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in Initializers)
            weights.Add(tensor.Name);
        foreach (SparseTensorInfo tensor in SparseInitializers)
            weights.Add(tensor.Name);
        List<ValueInfo> inputs = new(Inputs.Count);
        foreach (ValueInfo input in Inputs)
        {
            if (!weights.Contains(input.Name))
                inputs.Add(input);
        }
        return inputs;
    }
}

/// <summary>An operator set the model imports.</summary>
internal sealed record OpsetImport(string Domain, long Version);

/// <summary>A function defined in the model itself.</summary>
internal sealed class ModelFunction
{
    public string Domain { get; init; } = "";

    public string Name { get; init; } = "";

    public string Overload { get; init; } = "";

    public string[] Inputs { get; init; } = Array.Empty<string>();

    public string[] Outputs { get; init; } = Array.Empty<string>();

    /// <summary>Names of the attributes a call must give.</summary>
    public string[] Attributes { get; init; } = Array.Empty<string>();

    /// <summary>Attributes a call may give, with their defaults.</summary>
    public NodeAttribute[] DefaultedAttributes { get; init; } = Array.Empty<NodeAttribute>();

    public IReadOnlyList<OpsetImport> Opsets { get; init; } = Array.Empty<OpsetImport>();

    public IReadOnlyList<ValueInfo> ValueInfos { get; init; } = Array.Empty<ValueInfo>();

    public IReadOnlyList<Node> Nodes { get; init; } = Array.Empty<Node>();

    /// <summary>The whole FunctionProto in the file.</summary>
    public ByteRange Message { get; init; } = ByteRange.None;
}

/// <summary>A model without its weights: what reading a file or a listing gives.</summary>
internal sealed record OnnxModel
{
    public long IrVersion { get; init; }

    public IReadOnlyList<OpsetImport> Opsets { get; init; } = Array.Empty<OpsetImport>();

    public string ProducerName { get; init; } = "";

    public string ProducerVersion { get; init; } = "";

    public string Domain { get; init; } = "";

    public long Version { get; init; }

    public string DocString { get; init; } = "";

    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = Array.Empty<KeyValuePair<string, string>>();

    /// <summary>The whole entries of <see cref="Metadata"/> in the file, whose long ones are cut there.</summary>
    public ByteRange[] MetadataMessages { get; init; } = Array.Empty<ByteRange>();

    public IReadOnlyList<ModelFunction> Functions { get; init; } = Array.Empty<ModelFunction>();

    public OnnxGraph Graph { get; init; } = new();
}
