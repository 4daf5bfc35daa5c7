using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Gathers one GraphProto: the model's, or a body. Used again after <see cref="Clear"/>.</summary>
internal sealed class GraphReader(WireReader wire, int depth)
{
    private readonly NodeReader _node = new(wire, depth);
    private readonly TensorReader _tensor = new(wire);
    private readonly ValueReader _value = new(wire);
    private readonly List<Node> _nodes = [];
    private readonly List<TensorInfo> _initializers = [];
    private readonly List<SparseTensorInfo> _sparseInitializers = [];
    private readonly List<ValueInfo> _inputs = [];
    private readonly List<ValueInfo> _outputs = [];
    private readonly List<ValueInfo> _valueInfos = [];
    private string _name = "";
    private string _docString = "";

    public bool HasNodes => _nodes.Count > 0;

    public void Clear()
    {
        _nodes.Clear();
        _initializers.Clear();
        _sparseInitializers.Clear();
        _inputs.Clear();
        _outputs.Clear();
        _valueInfos.Clear();
        _name = _docString = "";
    }

    /// <summary>Reads the GraphProto of the current field; a second one is merged.</summary>
    public void Read()
    {
        if (depth > ModelReader.DeepestNesting)
            throw ModelReader.NestedTooDeep();
        long outer = wire.Enter();
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Graph.Node:
                    _nodes.Add(_node.Read());
                    break;
                case Tags.Graph.Name:
                    _name = wire.Prose();
                    break;
                case Tags.Graph.Initializer:
                    _tensor.Clear();
                    _tensor.Read();
                    _initializers.Add(_tensor.Build());
                    break;
                case Tags.Graph.DocString:
                    _docString = wire.Prose();
                    break;
                case Tags.Graph.Input:
                    _inputs.Add(_value.Read());
                    break;
                case Tags.Graph.Output:
                    _outputs.Add(_value.Read());
                    break;
                case Tags.Graph.ValueInfo:
                    _valueInfos.Add(_value.Read());
                    break;
                case Tags.Graph.SparseInitializer:
                    SparseTensorReader sparse = new(wire);
                    sparse.Read();
                    _sparseInitializers.Add(sparse.Build());
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
    }

    public OnnxGraph Build() => new()
    {
        Name = _name,
        DocString = _docString,
        Inputs = _inputs.ToArray(),
        Outputs = _outputs.ToArray(),
        ValueInfos = _valueInfos.ToArray(),
        Initializers = _initializers.ToArray(),
        SparseInitializers = _sparseInitializers.ToArray(),
        Nodes = _nodes.ToArray(),
    };
}
