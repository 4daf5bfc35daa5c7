using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Reads one FunctionProto after another.</summary>
internal sealed class FunctionReader(WireReader wire)
{
    private readonly NodeReader _node = new(wire, 1);
    private readonly AttributeReader _attribute = new(wire, 1);
    private readonly ValueReader _value = new(wire);
    private readonly List<string> _inputs = [];
    private readonly List<string> _outputs = [];
    private readonly List<string> _attributes = [];
    private readonly List<NodeAttribute> _defaults = [];
    private readonly OpsetReader _opsets = new(wire);
    private readonly List<ValueInfo> _valueInfos = [];
    private readonly List<Node> _nodes = [];
    private string _domain = "";
    private string _name = "";
    private string _overload = "";

    /// <summary>Reads the FunctionProto of the current field.</summary>
    public ModelFunction Read()
    {
        long outer = wire.Enter();
        ByteRange message = wire.Rest;
        while (wire.Next())
            ReadField();
        wire.Leave(outer);
        ModelFunction function = new()
        {
            Domain = _domain,
            Name = _name,
            Overload = _overload,
            Inputs = [.. _inputs],
            Outputs = [.. _outputs],
            Attributes = [.. _attributes],
            DefaultedAttributes = [.. _defaults],
            Opsets = _opsets.Take(),
            ValueInfos = _valueInfos.ToArray(),
            Nodes = _nodes.ToArray(),
            Message = message,
        };
        Clear();
        return function;
    }

    private void Clear()
    {
        _domain = _name = _overload = "";
        _inputs.Clear();
        _outputs.Clear();
        _attributes.Clear();
        _defaults.Clear();
        _valueInfos.Clear();
        _nodes.Clear();
    }

    private void ReadField()
    {
        switch (wire.Tag)
        {
            case Tags.Function.Name:
                _name = wire.Name();
                break;
            case Tags.Function.Domain:
                _domain = ModelReader.Domain(wire.Name());
                break;
            case Tags.Function.Overload:
                _overload = wire.Name();
                break;
            case Tags.Function.Input:
                _inputs.Add(wire.Name());
                break;
            case Tags.Function.Output:
                _outputs.Add(wire.Name());
                break;
            case Tags.Function.AttributeName:
                _attributes.Add(wire.Name());
                break;
            case Tags.Function.DefaultedAttribute:
                _defaults.Add(_attribute.Read());
                break;
            case Tags.Function.Opset:
                _opsets.Read();
                break;
            case Tags.Function.ValueInfo:
                _valueInfos.Add(_value.Read());
                break;
            case Tags.Function.Node:
                _nodes.Add(_node.Read());
                break;
            default:
                wire.Skip();
                break;
        }
    }
}
