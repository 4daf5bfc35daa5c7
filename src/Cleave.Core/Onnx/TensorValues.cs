using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Reads the elements of small tensors that were passed over before. What is in another file is not read.</summary>
internal sealed class TensorValues(WireReader wire)
{
    private readonly List<long> _integers = [];
    private readonly List<double> _floats = [];

    /// <summary>Reads and keeps the elements of a small tensor; floats only where they are asked for.</summary>
    public void Keep(TensorInfo tensor, bool floats)
    {
        bool isFloat = tensor.Element is ElementType.Float or ElementType.Double;
        if (tensor.SmallCount() is not { } count || tensor.External != null || !tensor.Message.Exists || (isFloat && !floats))
            return;
        _integers.Clear();
        _floats.Clear();
        wire.GoTo(tensor.Message);
        while (wire.Next())
            ReadField(tensor.Element);
        if (isFloat && _floats.Count == count && _floats.TrueForAll(IsFloat))
            tensor.Keep(null, [.. _floats.ConvertAll(d => (float)d)]);
        else if (!isFloat && _integers.Count == count)
            tensor.Keep([.. _integers], null);
    }

    private static bool IsFloat(double value) => double.IsNaN(value) || (float)value == value;

    private void ReadField(ElementType element)
    {
        bool isInt64 = element == ElementType.Int64;
        bool isInt32 = element is ElementType.Int32 or ElementType.Bool;
        switch (wire.Tag)
        {
            case Tags.Tensor.Int64One when isInt64:
                _integers.Add(wire.Int64());
                break;
            case Tags.Tensor.Int64Packed when isInt64:
                wire.PackedInt64(_integers);
                break;
            case Tags.Tensor.Int32One when isInt32:
                AddInt32(element);
                break;
            case Tags.Tensor.Int32Packed when isInt32:
                Each(() => AddInt32(element));
                break;
            case Tags.Tensor.FloatOne when element == ElementType.Float:
                _floats.Add(wire.Float());
                break;
            case Tags.Tensor.FloatPacked when element == ElementType.Float:
                Each(() => _floats.Add(wire.Float()));
                break;
            case Tags.Tensor.DoubleOne when element == ElementType.Double:
                _floats.Add(wire.Double());
                break;
            case Tags.Tensor.DoublePacked when element == ElementType.Double:
                Each(() => _floats.Add(wire.Double()));
                break;
            case Tags.Tensor.Raw:
                Each(() => ReadRaw(element));
                break;
            default:
                wire.Skip();
                break;
        }
    }

    private void AddInt32(ElementType element)
    {
        int value = wire.Int32();
        _integers.Add(element == ElementType.Bool && value != 0 ? 1 : value);
    }

    private void ReadRaw(ElementType element)
    {
        switch (element)
        {
            case ElementType.Float:
                _floats.Add(wire.Float());
                break;
            case ElementType.Double:
                _floats.Add(wire.Double());
                break;
            case ElementType.Bool:
                _integers.Add(wire.OneByte() == 0 ? 0 : 1);
                break;
            default:
                _integers.Add(LittleEndian(element == ElementType.Int64 ? 8 : 4));
                break;
        }
    }

    private long LittleEndian(int bytes)
    {
        ulong bits = 0;
        for (int i = 0; i < bytes; i++)
            bits |= (ulong)wire.OneByte() << (8 * i);
        return bytes == 4 ? unchecked((int)bits) : unchecked((long)bits);
    }

    private void Each(Action read)
    {
        long outer = wire.Enter();
        while (!wire.AtEnd)
            read();
        wire.Leave(outer);
    }
}
