using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>A graph while it is read from a listing.</summary>
internal sealed class GraphBuilder
{
    public List<ValueInfo> Inputs { get; } = [];

    public List<ValueInfo> Outputs { get; } = [];

    public List<ValueInfo> ValueInfos { get; } = [];

    public List<TensorInfo> Initializers { get; } = [];

    public List<SparseTensorInfo> SparseInitializers { get; } = [];

    public List<Node> Nodes { get; } = [];

    public OnnxGraph Build(Dictionary<string, string>? inputDocs = null, Dictionary<string, string>? outputDocs = null) => new()
    {
        Inputs = Documented(Inputs, inputDocs),
        Outputs = Documented(Outputs, outputDocs),
        ValueInfos = ValueInfos,
        Initializers = Initializers,
        SparseInitializers = SparseInitializers,
        Nodes = Nodes,
    };

    private static List<ValueInfo> Documented(List<ValueInfo> values, Dictionary<string, string>? docs) =>
        docs is null || docs.Count == 0
            ? values
            : values.ConvertAll(v => docs.TryGetValue(v.Name, out string? doc) ? new ValueInfo(v.Name, v.Type) { DocString = doc } : v);
}
