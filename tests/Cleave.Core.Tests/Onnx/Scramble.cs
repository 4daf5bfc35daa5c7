using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Cleave.Core.Tests.Onnx;

/// <summary>
/// Writes a message in another of the ways that mean the same: fields in any order, repeated numbers packed,
/// unpacked or in pieces, unknown fields between, lengths as overlong varints.
/// </summary>
internal sealed class Scramble(int seed)
{
    private readonly Random _random = new(seed);

    public byte[] Write(IMessage message)
    {
        // Of one field, in order; the fields among each other, mixed.
        List<Queue<byte[]>> fields = [];
        foreach (FieldDescriptor field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.IsRepeated)
                fields.Add(new Queue<byte[]>(Repeated(field, [.. ((System.Collections.IEnumerable)field.Accessor.GetValue(message)).Cast<object>()])));
            else if (IsSet(field, message))
                fields.Add(new Queue<byte[]>([One(field, field.Accessor.GetValue(message))]));
        }
        fields.Add(new Queue<byte[]>(Unknown()));
        fields.RemoveAll(f => f.Count == 0);
        using MemoryStream bytes = new();
        while (fields.Count > 0)
        {
            int pick = _random.Next(fields.Count);
            bytes.Write(fields[pick].Dequeue());
            if (fields[pick].Count == 0)
                fields.RemoveAt(pick);
        }
        return bytes.ToArray();
    }

    private static bool IsSet(FieldDescriptor field, IMessage message) => field.RealContainingOneof is { } oneof
        ? oneof.Accessor.GetCaseFieldDescriptor(message) == field
        : field.FieldType == FieldType.Message ? field.Accessor.GetValue(message) != null : true;

    private IEnumerable<byte[]> Repeated(FieldDescriptor field, object[] values)
    {
        bool isNumber = field.FieldType is not (FieldType.Message or FieldType.String or FieldType.Bytes);
        for (int i = 0; i < values.Length;)
        {
            if (!isNumber || _random.Next(2) == 0)
            {
                yield return One(field, values[i++]);
                continue;
            }
            int count = _random.Next(1, values.Length - i + 1);
            yield return [.. Tag(field.FieldNumber, 2), .. Prefixed([.. values.Skip(i).Take(count).SelectMany(v => Number(field, v))])];
            i += count;
        }
    }

    private byte[] One(FieldDescriptor field, object value) => field.FieldType switch
    {
        FieldType.Message => [.. Tag(field.FieldNumber, 2), .. Prefixed(Write((IMessage)value))],
        FieldType.String => [.. Tag(field.FieldNumber, 2), .. Prefixed(ByteString.CopyFromUtf8((string)value).ToByteArray())],
        FieldType.Bytes => [.. Tag(field.FieldNumber, 2), .. Prefixed(((ByteString)value).ToByteArray())],
        FieldType.Float => [.. Tag(field.FieldNumber, 5), .. Number(field, value)],
        FieldType.Double => [.. Tag(field.FieldNumber, 1), .. Number(field, value)],
        _ => [.. Tag(field.FieldNumber, 0), .. Number(field, value)],
    };

    private static byte[] Number(FieldDescriptor field, object value) => field.FieldType switch
    {
        FieldType.Float => BitConverter.GetBytes((float)value),
        FieldType.Double => BitConverter.GetBytes((double)value),
        FieldType.UInt64 => Varint((ulong)value, 0),
        _ => Varint(unchecked((ulong)Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture)), 0),
    };

    private byte[] Prefixed(byte[] content) => [.. Varint((ulong)content.Length, _random.Next(8) == 0 ? 2 : 0), .. content];

    private IEnumerable<byte[]> Unknown()
    {
        if (_random.Next(3) == 0)
            yield return [.. Tag(2000, 0), .. Varint(ulong.MaxValue, 0)];
        if (_random.Next(3) == 0)
            yield return [.. Tag(2001, 1), .. new byte[8]];
        if (_random.Next(3) == 0)
            yield return [.. Tag(2002, 2), .. Prefixed(new byte[20])];
        if (_random.Next(3) == 0)
            yield return [.. Tag(2003, 5), .. new byte[4]];
    }

    private static byte[] Tag(int number, int wire) => Varint((ulong)(number << 3 | wire), 0);

    private static byte[] Varint(ulong value, int padding)
    {
        List<byte> bytes = [];
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        for (; padding > 0; padding--)
        {
            bytes[^1] |= 0x80;
            bytes.Add(0);
        }
        return [.. bytes];
    }
}
