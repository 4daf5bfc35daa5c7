using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Onnx.Widening;

/// <summary>A field of a message: where its bytes lie, or its number.</summary>
internal readonly record struct WireField(int Tag, ByteRange Bytes, long Number);

/// <summary>Takes messages of a file apart, field by field, to write them again with changes. Not thread-safe.</summary>
internal sealed class WireFields(ByteSource source)
{
    private readonly WireReader _wire = new(source, CancellationToken.None);

    public ByteSource Source => source;

    /// <summary>The fields of a message, in its order.</summary>
    public List<WireField> Of(ByteRange message)
    {
        List<WireField> fields = [];
        _wire.GoTo(message);
        while (_wire.Next())
        {
            switch (_wire.Tag & 7)
            {
                case Tags.Varint:
                    fields.Add(new WireField(_wire.Tag, ByteRange.None, _wire.Int64()));
                    break;
                case Tags.Bytes:
                    fields.Add(new WireField(_wire.Tag, _wire.Pass(), 0));
                    break;
                case Tags.Fixed32:
                    fields.Add(new WireField(_wire.Tag, ByteRange.None, BitConverter.ToInt32(BitConverter.GetBytes(_wire.Float()), 0)));
                    break;
                default:
                    // ONNX has none in the messages that are changed.
                    _wire.Skip();
                    break;
            }
        }
        return fields;
    }

    /// <summary>The last number of a field, as it counts; null where it is not there.</summary>
    public static long? Number(List<WireField> fields, int tag)
    {
        long? number = null;
        foreach (WireField field in fields)
        {
            if (field.Tag == tag)
                number = field.Number;
        }
        return number;
    }

    /// <summary>The last text of a field; empty where it is not there.</summary>
    public string Text(List<WireField> fields, int tag)
    {
        string text = "";
        foreach (WireField field in fields)
        {
            if (field.Tag == tag)
                text = Text(field.Bytes);
        }
        return text;
    }

    public string Text(ByteRange range)
    {
        byte[] bytes = new byte[checked((int)range.Length)];
        source.ReadAll(range.Offset, bytes, 0, bytes.Length);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Writes a field as it is.</summary>
    public void Copy(MessageBuilder target, WireField field)
    {
        switch (field.Tag & 7)
        {
            case Tags.Varint:
                target.Number(field.Tag, field.Number);
                break;
            case Tags.Bytes:
                target.Copy(field.Tag, source, field.Bytes);
                break;
            default:
                target.Single(field.Tag, BitConverter.ToSingle(BitConverter.GetBytes((int)field.Number), 0));
                break;
        }
    }
}
