using System.Collections.Generic;
using System.Globalization;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>
/// Gathers one TypeProto. As protobuf wants it, a message that occurs again is merged, and of several
/// alternatives the last wins. Used again after <see cref="Clear"/>.
/// </summary>
internal sealed class TypeReader(WireReader wire, int depth)
{
    private readonly List<Dimension> _shape = [];
    private TypeReader? _inner;
    private OnnxType.Tensor? _last;
    private int _alternative;
    private int _element;
    private bool _hasShape;
    private bool _hasInner;
    private string _opaqueDomain = "";
    private string _opaqueName = "";

    public void Clear() => StartAlternative(0);

    /// <summary>Reads the TypeProto of the current field.</summary>
    public void Read()
    {
        long outer = wire.Enter();
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Type.Tensor or Tags.Type.SparseTensor:
                    Choose(wire.Tag);
                    ReadTensor();
                    break;
                case Tags.Type.Sequence or Tags.Type.Optional:
                    Choose(wire.Tag);
                    ReadWrapper();
                    break;
                case Tags.Type.Map:
                    Choose(wire.Tag);
                    ReadMap();
                    break;
                case Tags.Type.Opaque:
                    Choose(wire.Tag);
                    ReadOpaque();
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
    }

    /// <summary>The type read; <paramref name="name"/> is the value's, for messages.</summary>
    public OnnxType Build(string name)
    {
        switch (_alternative)
        {
            case Tags.Type.Tensor:
                return Tensor(Element(_element, name));
            case Tags.Type.SparseTensor:
                return new OnnxType.SparseTensor(Element(_element, name), Shape());
            case Tags.Type.Sequence:
                return new OnnxType.Sequence(Inner(name));
            case Tags.Type.Optional:
                return new OnnxType.Optional(Inner(name));
            case Tags.Type.Map:
                return new OnnxType.Map(Element(_element, name), Inner(name));
            case Tags.Type.Opaque:
                return new OnnxType.Opaque(_opaqueDomain, _opaqueName);
            default:
                return OnnxType.Unknown.Instance;
        }
    }

    /// <summary>The element type with a number; 0, "not said", is one.</summary>
    public static ElementType Element(int number, string name)
    {
        if (number != 0 && !ElementTypes.IsKnown(number))
            throw new ModelException(Rules.UnknownElementType, name, number.ToString(CultureInfo.InvariantCulture));
        return (ElementType)number;
    }

    // Values that follow each other are often of one type, which is then kept once.
    private OnnxType.Tensor Tensor(ElementType element)
    {
        if (_last is null || _last.Element != element || !HasShape(_last.Shape))
            _last = new OnnxType.Tensor(element, Shape());
        return _last;
    }

    private bool HasShape(Dimension[]? shape)
    {
        if (shape is null || !_hasShape)
            return shape is null && !_hasShape;
        if (shape.Length != _shape.Count)
            return false;
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i] != _shape[i])
                return false;
        }
        return true;
    }

    private void Choose(int alternative)
    {
        if (_alternative != alternative)
            StartAlternative(alternative);
    }

    private void StartAlternative(int alternative)
    {
        _alternative = alternative;
        _element = 0;
        _hasShape = _hasInner = false;
        _opaqueDomain = _opaqueName = "";
        _shape.Clear();
    }

    private Dimension[]? Shape() => _hasShape ? _shape.ToArray() : null;

    private OnnxType Inner(string name) => _hasInner ? _inner!.Build(name) : OnnxType.Unknown.Instance;

    private void ReadInner()
    {
        if (depth == ModelReader.DeepestNesting)
            throw ModelReader.NestedTooDeep();
        _inner ??= new TypeReader(wire, depth + 1);
        if (!_hasInner)
            _inner.Clear();
        _hasInner = true;
        _inner.Read();
    }

    private void ReadTensor()
    {
        long outer = wire.Enter();
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.TensorType.Element:
                    _element = wire.Int32();
                    break;
                case Tags.TensorType.Shape:
                    ReadShape();
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
    }

    private void ReadShape()
    {
        _hasShape = true;
        long outer = wire.Enter();
        while (wire.Next())
        {
            if (wire.Tag == Tags.Shape.Dimension)
                ReadDimension();
            else
                wire.Skip();
        }
        wire.Leave(outer);
    }

    private void ReadDimension()
    {
        Dimension dimension = Dimension.Unknown;
        long outer = wire.Enter();
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Dimension.Value:
                    // Some exporters write -1 for "any".
                    long value = wire.Int64();
                    dimension = value >= 0 ? Dimension.Fixed(value) : Dimension.Unknown;
                    break;
                case Tags.Dimension.Parameter:
                    string name = wire.Name();
                    dimension = name.Length > 0 ? Dimension.Named(name) : Dimension.Unknown;
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
        _shape.Add(dimension);
    }

    private void ReadWrapper()
    {
        long outer = wire.Enter();
        while (wire.Next())
        {
            if (wire.Tag == Tags.Wrapper.Element)
                ReadInner();
            else
                wire.Skip();
        }
        wire.Leave(outer);
    }

    private void ReadMap()
    {
        long outer = wire.Enter();
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Map.Key:
                    _element = wire.Int32();
                    break;
                case Tags.Map.Value:
                    ReadInner();
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
    }

    private void ReadOpaque()
    {
        long outer = wire.Enter();
        while (wire.Next())
        {
            switch (wire.Tag)
            {
                case Tags.Opaque.Domain:
                    _opaqueDomain = wire.Name();
                    break;
                case Tags.Opaque.Name:
                    _opaqueName = wire.Name();
                    break;
                default:
                    wire.Skip();
                    break;
            }
        }
        wire.Leave(outer);
    }
}
