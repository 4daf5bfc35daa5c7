using System.Collections.Generic;
using System.Globalization;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Reads one NodeProto after another. One for each level of nested graphs.</summary>
internal sealed class NodeReader(WireReader wire, int depth)
{
    private readonly List<string> _inputs = [];
    private readonly List<string> _outputs = [];
    private readonly List<NodeAttribute> _attributes = [];
    private readonly AttributeReader _attribute = new(wire, depth);

    /// <summary>Reads the NodeProto of the current field.</summary>
    public Node Read()
    {
        string name = "", opType = "", domain = "", overload = "";
        long outer = wire.Enter();
        ByteRange message = wire.Rest;
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Node.Input:
                    _inputs.Add(wire.Name());
                    break;
                case Tags.Node.Output:
                    _outputs.Add(wire.Name());
                    break;
                case Tags.Node.Name:
                    name = wire.Name();
                    break;
                case Tags.Node.OpType:
                    opType = wire.Name();
                    break;
                case Tags.Node.Attribute:
                    _attributes.Add(_attribute.Read());
                    break;
                case Tags.Node.Domain:
                    domain = ModelReader.Domain(wire.Name());
                    break;
                case Tags.Node.Overload:
                    overload = wire.Name();
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
        if (opType.Length == 0)
        {
            throw new ModelException(Rules.MissingName, string.Format(
                CultureInfo.InvariantCulture, "the node '{0}' at byte {1} has no operator", name, message.Offset));
        }
        Node node = new(name, opType, domain, [.. _inputs], [.. _outputs], [.. _attributes])
        {
            Overload = overload,
            Message = message,
        };
        _inputs.Clear();
        _outputs.Clear();
        _attributes.Clear();
        return node;
    }
}
