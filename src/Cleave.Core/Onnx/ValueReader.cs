using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Reads one ValueInfoProto after another.</summary>
internal sealed class ValueReader(WireReader wire)
{
    private readonly TypeReader _type = new(wire, 1);

    /// <summary>Reads the ValueInfoProto of the current field.</summary>
    public ValueInfo Read()
    {
        string name = "", docString = "";
        _type.Clear();
        long outer = wire.Enter();
        ByteRange message = wire.Rest;
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.ValueInfo.Name:
                    name = wire.Name();
                    break;
                case Tags.ValueInfo.Type:
                    _type.Read();
                    break;
                case Tags.ValueInfo.DocString:
                    docString = wire.Prose();
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
        return new ValueInfo(name, _type.Build(name))
        {
            DocString = docString,
            Message = message,
        };
    }
}
