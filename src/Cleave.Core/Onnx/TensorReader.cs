using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Gathers one TensorProto without its elements: where they lie, not what they are. Used again after <see cref="Clear"/>.</summary>
internal sealed class TensorReader(WireReader wire)
{
    private readonly List<long> _dims = [];
    private string _name = "";
    private int _element;
    private bool _isExternal;
    private string? _location;
    private long _externalOffset;
    private long? _externalLength;
    private ByteRange _raw;
    private ByteRange _message;
    private StoredElements _floats;
    private StoredElements _doubles;
    private StoredElements _int32s;
    private StoredElements _int64s;
    private StoredElements _uint64s;
    private long _strings;

    public void Clear()
    {
        _dims.Clear();
        _name = "";
        _element = 0;
        _isExternal = false;
        _location = null;
        _externalOffset = 0;
        _externalLength = null;
        _raw = ByteRange.None;
        _message = ByteRange.None;
        _floats = _doubles = _int32s = _int64s = _uint64s = default;
        _strings = 0;
    }

    /// <summary>Reads the TensorProto of the current field; a second one is merged.</summary>
    public void Read()
    {
        long outer = wire.Enter();
        // Of a tensor in two pieces there is no one range.
        _message = _message == ByteRange.None ? wire.Rest : new ByteRange(-1, -1);
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Tensor.DimsOne:
                    _dims.Add(wire.Int64());
                    break;
                case Tags.Tensor.DimsPacked:
                    wire.PackedInt64(_dims);
                    break;
                case Tags.Tensor.Element:
                    _element = wire.Int32();
                    break;
                case Tags.Tensor.Name:
                    _name = wire.Name();
                    break;
                case Tags.Tensor.Raw:
                    _raw = wire.Pass();
                    break;
                case Tags.Tensor.String:
                    wire.Pass();
                    _strings++;
                    break;
                case Tags.Tensor.ExternalEntry:
                    ReadExternalEntry();
                    break;
                case Tags.Tensor.Location:
                    _isExternal = wire.Int32() == 1;
                    break;
                default:
                    ReadTyped();
                    break;
            }
        }
        wire.Leave(outer);
    }

    /// <summary>The tensor read.</summary>
    public TensorInfo Build()
    {
        long[] dims = _dims.ToArray();
        if (!ElementTypes.IsKnown(_element))
            throw new ModelException(Rules.UnknownElementType, _name, _element.ToString(CultureInfo.InvariantCulture));
        ElementType element = (ElementType)_element;
        long count = Count(dims);
        long size = Size(element, dims, count);
        ByteRange data = ByteRange.None;
        ExternalData? external = _isExternal ? External(element, dims, size) : null;
        Storage storage = external != null ? Storage.External : Stored(element, dims, count, size, out data);
        return new TensorInfo(_name, element, dims)
        {
            ByteSize = size,
            Storage = storage,
            Data = storage == Storage.Plain ? data : ByteRange.None,
            External = external,
            Message = _message.Exists ? _message : ByteRange.None,
        };
    }

    private void ReadTyped()
    {
        switch (wire.Tag)
        {
            case Tags.Tensor.FloatOne:
                wire.Pass(4);
                _floats.AddOne();
                break;
            case Tags.Tensor.FloatPacked:
                _floats.AddPacked(wire.Pass(), 4);
                break;
            case Tags.Tensor.DoubleOne:
                wire.Pass(8);
                _doubles.AddOne();
                break;
            case Tags.Tensor.DoublePacked:
                _doubles.AddPacked(wire.Pass(), 8);
                break;
            case Tags.Tensor.Int32One:
                wire.Varint();
                _int32s.AddOne();
                break;
            case Tags.Tensor.Int32Packed:
                _int32s.AddPacked(wire.Pass(), 1);
                break;
            case Tags.Tensor.Int64One:
                wire.Varint();
                _int64s.AddOne();
                break;
            case Tags.Tensor.Int64Packed:
                _int64s.AddPacked(wire.Pass(), 1);
                break;
            case Tags.Tensor.UInt64One:
                wire.Varint();
                _uint64s.AddOne();
                break;
            case Tags.Tensor.UInt64Packed:
                _uint64s.AddPacked(wire.Pass(), 1);
                break;
            default:
                wire.Skip();
                break;
        }
    }

    private void ReadExternalEntry()
    {
        long start = wire.Position;
        (string key, string value, _) = wire.Entry();
        switch (key)
        {
            case "location":
                _location = value;
                break;
            case "offset":
                _externalOffset = Number(start, key, value);
                break;
            case "length":
                _externalLength = Number(start, key, value);
                break;
        }
    }

    private static long Number(long position, string key, string value)
    {
        if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number))
            throw WireReader.Malformed(position, "the " + key + " of external data is not a number");
        return number;
    }

    // Elements of a tensor; -1 where there are more than a long can say.
    private long Count(long[] dims)
    {
        long count = 1;
        bool empty = false, overflow = false;
        foreach (long dim in dims)
        {
            if (dim < 0)
                throw WireReader.Malformed(wire.Position, "the tensor '" + _name + "' has a negative dimension");
            empty |= dim == 0;
            overflow |= dim > 0 && count > long.MaxValue / 64 / dim;
            count = overflow ? 1 : Math.Max(1, count * dim);
        }
        return empty ? 0 : overflow ? -1 : count;
    }

    private long Size(ElementType element, long[] dims, long count)
    {
        if (count < 0)
            throw SizeDiffers(dims, "more than 2^56 bytes", _raw.Exists ? Bytes(_raw.Length) : "fewer");
        // Types of less than a byte are packed: the last byte may be filled in part.
        int bits = element.Bits();
        return bits >= 8 ? count * (bits / 8) : (count * bits + 7) / 8;
    }

    private ExternalData External(ElementType element, long[] dims, long size)
    {
        if (string.IsNullOrEmpty(_location))
            throw WireReader.Malformed(wire.Position, "the tensor '" + _name + "' is external, but no location is given");
        if (element == ElementType.String)
            throw WireReader.Malformed(wire.Position, "the tensor '" + _name + "' keeps strings in an external file");
        if (_externalLength is { } length && length != size)
            throw SizeDiffers(dims, Bytes(size), Bytes(length));
        if (_externalOffset > long.MaxValue - size)
            throw WireReader.Malformed(wire.Position, "the offset of the external tensor '" + _name + "' is too large");
        return new ExternalData(_location!, _externalOffset, _externalLength);
    }

    // How the elements lie in this file; refuses a number of them that differs from the shape's.
    private Storage Stored(ElementType element, long[] dims, long count, long size, out ByteRange data)
    {
        data = _raw;
        if (_raw.Length > 0)
        {
            if (_raw.Length != size || element == ElementType.String)
                throw SizeDiffers(dims, element == ElementType.String ? Items(count) : Bytes(size), Bytes(_raw.Length));
            return Storage.Plain;
        }
        switch (element)
        {
            case ElementType.Float or ElementType.Complex64:
                return StoredAs(_floats, size / 4, 4, dims, out data);
            case ElementType.Double or ElementType.Complex128:
                return StoredAs(_doubles, size / 8, 8, dims, out data);
            case ElementType.Int64:
                return StoredAs(_int64s, count, 0, dims, out data);
            case ElementType.UInt32 or ElementType.UInt64:
                return StoredAs(_uint64s, count, 0, dims, out data);
            case ElementType.String:
                return StoredAs(new StoredElements { Fewest = _strings, Most = _strings }, count, 0, dims, out data);
            default:
                // Types of less than a byte: one number holds a byte of them.
                return StoredAs(_int32s, element.Bits() < 8 ? size : count, 0, dims, out data);
        }
    }

    private Storage StoredAs(StoredElements stored, long needed, int plainSize, long[] dims, out ByteRange data)
    {
        data = stored.Single;
        if (needed < stored.Fewest || needed > stored.Most)
            throw SizeDiffers(dims, Items(needed), Items(stored.Most));
        if (needed == 0)
            return Storage.None;
        return plainSize > 0 && data.Length == needed * plainSize ? Storage.Plain : Storage.Encoded;
    }

    private ModelException SizeDiffers(long[] dims, string needed, string stored) => new(
        Rules.TensorSize, _name, string.Join(",", dims.Select(d => d.ToString(CultureInfo.InvariantCulture))), needed, stored);

    private static string Bytes(long count) => count.ToString(CultureInfo.InvariantCulture) + " bytes";

    private static string Items(long count) => count.ToString(CultureInfo.InvariantCulture) + " elements";

    /// <summary>
    /// Elements of one of the typed fields. Packed varints are not counted, which would mean reading the
    /// weights: their bytes give the fewest and the most they can be.
    /// </summary>
    private struct StoredElements
    {
        private int _pieces;
        private ByteRange _last;

        public long Fewest;
        public long Most;

        /// <summary>The one packed piece that holds all elements, if it is so.</summary>
        public readonly ByteRange Single => _pieces == 1 ? _last : ByteRange.None;

        public void AddOne()
        {
            _pieces++;
            _last = ByteRange.None;
            Fewest++;
            Most++;
        }

        public void AddPacked(ByteRange bytes, int elementSize)
        {
            if (bytes.Length == 0)
                return;
            _pieces++;
            _last = bytes;
            if (elementSize > 1 && bytes.Length % elementSize != 0)
                throw WireReader.Malformed(bytes.Offset, "packed numbers end in the middle of one");
            Fewest += elementSize > 1 ? bytes.Length / elementSize : (bytes.Length + 9) / 10;
            Most += bytes.Length / elementSize;
        }
    }
}
