using System;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;

namespace Cleave.Tool.Running;

/// <summary>Constants of few elements: ONNX Runtime makes one of those that are equal (ConstantSharing), so nodes that read them can be equal, too.</summary>
/// <param name="graph">The model.</param>
/// <param name="source">Its file.</param>
internal sealed class SmallConstants(PlanGraph graph, ByteSource source)
{
    // Eight elements of eight bytes.
    private const long MostBytes = 64;

    /// <summary>The same for constants of equal type, shape and elements; null for any other value.</summary>
    public string? Key(string value)
    {
        if ((graph.Index.Initializer(value) ?? OfNode(value)) is not { } tensor || tensor.ByteSize > MostBytes)
            return null;
        string type = tensor.Element.Word() + "[" + string.Join(",", tensor.Dims) + "] ";
        if (tensor.Integers is { } integers)
            return type + string.Join(",", integers);
        if (tensor.Storage != Storage.Plain || !tensor.Data.Exists)
            return null;
        byte[] bytes = new byte[tensor.Data.Length];
        source.ReadAll(tensor.Data.Offset, bytes, 0, bytes.Length);
        return type + Convert.ToHexString(bytes);
    }

    private TensorInfo? OfNode(string value) =>
        graph.Index.Producer(value) is >= 0 and var node && ConstantNode.IsConstant(graph.Nodes[node]) && graph.Nodes[node].Attributes is [var attribute]
            ? attribute.AsTensor()
            : null;
}
