using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Gathers one SparseTensorProto. Used again after <see cref="Clear"/>.</summary>
internal sealed class SparseTensorReader(WireReader wire)
{
    private readonly TensorReader _values = new(wire);
    private readonly TensorReader _indices = new(wire);
    private readonly List<long> _dims = [];
    private bool _hasValues;
    private bool _hasIndices;
    private ByteRange _message = ByteRange.None;

    public void Clear()
    {
        _dims.Clear();
        _hasValues = _hasIndices = false;
        _message = ByteRange.None;
    }

    /// <summary>Reads the SparseTensorProto of the current field; a second one is merged.</summary>
    public void Read()
    {
        long outer = wire.Enter();
        // Of a tensor in two pieces there is no one range.
        _message = _message == ByteRange.None ? wire.Rest : new ByteRange(-1, -1);
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.SparseTensor.Values:
                    ReadPart(_values, ref _hasValues);
                    break;
                case Tags.SparseTensor.Indices:
                    ReadPart(_indices, ref _hasIndices);
                    break;
                case Tags.SparseTensor.DimsOne:
                    _dims.Add(wire.Int64());
                    break;
                case Tags.SparseTensor.DimsPacked:
                    wire.PackedInt64(_dims);
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
    }

    public SparseTensorInfo Build()
    {
        if (!_hasValues || !_hasIndices)
            throw WireReader.Malformed(wire.Position, "a sparse tensor lacks its values or their indices");
        foreach (long dim in _dims)
        {
            if (dim < 0)
                throw WireReader.Malformed(wire.Position, "a sparse tensor has a negative dimension");
        }
        TensorInfo values = _values.Build();
        if (values.Dims.Length != 1)
            throw WireReader.Malformed(wire.Position, "the values of the sparse tensor '" + values.Name + "' are not a list");
        return new SparseTensorInfo(values, _indices.Build(), [.. _dims])
        {
            Message = _message.Exists ? _message : ByteRange.None,
        };
    }

    private static void ReadPart(TensorReader part, ref bool seen)
    {
        if (!seen)
            part.Clear();
        seen = true;
        part.Read();
    }
}
