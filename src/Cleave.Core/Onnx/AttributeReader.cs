using System.Collections.Generic;
using System.Globalization;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Reads one AttributeProto after another. One for each level of nested graphs.</summary>
internal sealed class AttributeReader(WireReader wire, int depth)
{
    private readonly byte[] _content = new byte[96];
    private readonly AttributeCache _known = new();
    private readonly List<long> _ints = [];
    private readonly List<float> _floats = [];
    private readonly List<AttributeText> _strings = [];
    private readonly List<TensorInfo> _tensors = [];
    private readonly List<SparseTensorInfo> _sparseTensors = [];
    private readonly List<OnnxGraph> _graphs = [];
    private readonly List<OnnxType> _types = [];
    private readonly TensorReader _tensor = new(wire);
    private readonly TensorReader _oneOfTensors = new(wire);
    private SparseTensorReader? _sparse;
    private TypeReader? _type;
    private GraphReader? _graph;
    private string _name = "";
    private string _reference = "";
    private int _kind;
    private long _int;
    private float _float;
    private AttributeText _string;

    // Which of the single values occurred, as bits of their kinds.
    private int _seen;

    /// <summary>Reads the AttributeProto of the current field.</summary>
    public NodeAttribute Read()
    {
        int length = wire.Peek(_content);
        if (length >= 0 && _known.Find(_content, length) is { } known)
        {
            wire.Pass();
            return known;
        }
        NodeAttribute attribute = ReadNew();
        // What holds places in the file is another each time.
        bool hasPlaces = attribute.Tensors.Length + attribute.SparseTensors.Length + attribute.Graphs.Length > 0;
        if (length >= 0 && !hasPlaces)
            _known.Add(attribute);
        return attribute;
    }

    private NodeAttribute ReadNew()
    {
        Clear();
        long start = wire.Position;
        long outer = wire.Enter();
        while (wire.Next())
        {
            if (!ReadNumbersAndTexts())
                ReadMessages();
        }
        wire.Leave(outer);
        return Build(start);
    }

    private void Clear()
    {
        _name = _reference = "";
        _kind = 0;
        _seen = 0;
        _int = 0;
        _float = 0;
        _string = new AttributeText("", 0);
        _ints.Clear();
        _floats.Clear();
        _strings.Clear();
        _tensors.Clear();
        _sparseTensors.Clear();
        _graphs.Clear();
        _types.Clear();
    }

    private bool ReadNumbersAndTexts()
    {
        switch (wire.Tag)
        {
            case Tags.Attribute.Name:
                _name = wire.Name();
                return true;
            case Tags.Attribute.Reference:
                _reference = wire.Name();
                return true;
            case Tags.Attribute.Kind:
                _kind = wire.Int32();
                return true;
            case Tags.Attribute.Int:
                _int = wire.Int64();
                SeeFirst(AttributeKind.Int);
                return true;
            case Tags.Attribute.IntsOne:
                _ints.Add(wire.Int64());
                return true;
            case Tags.Attribute.IntsPacked:
                wire.PackedInt64(_ints);
                return true;
            case Tags.Attribute.Float:
                _float = wire.Float();
                SeeFirst(AttributeKind.Float);
                return true;
            case Tags.Attribute.FloatsOne:
                _floats.Add(wire.Float());
                return true;
            case Tags.Attribute.FloatsPacked:
                wire.PackedFloat(_floats);
                return true;
            case Tags.Attribute.String:
                _string = wire.Text();
                SeeFirst(AttributeKind.String);
                return true;
            case Tags.Attribute.Strings:
                _strings.Add(wire.Text());
                return true;
            default:
                return false;
        }
    }

    private void ReadMessages()
    {
        switch (wire.Tag)
        {
            case Tags.Attribute.Tensor:
                if (SeeFirst(AttributeKind.Tensor))
                    _tensor.Clear();
                _tensor.Read();
                break;
            case Tags.Attribute.Tensors:
                _oneOfTensors.Clear();
                _oneOfTensors.Read();
                _tensors.Add(_oneOfTensors.Build());
                break;
            case Tags.Attribute.SparseTensor:
                _sparse ??= new SparseTensorReader(wire);
                if (SeeFirst(AttributeKind.SparseTensor))
                    _sparse.Clear();
                _sparse.Read();
                break;
            case Tags.Attribute.SparseTensors:
                SparseTensorReader sparse = new(wire);
                sparse.Read();
                _sparseTensors.Add(sparse.Build());
                break;
            case Tags.Attribute.Graph:
                _graph ??= new GraphReader(wire, depth + 1);
                if (SeeFirst(AttributeKind.Graph))
                    _graph.Clear();
                _graph.Read();
                break;
            case Tags.Attribute.Graphs:
                GraphReader graph = new(wire, depth + 1);
                graph.Read();
                _graphs.Add(graph.Build());
                break;
            case Tags.Attribute.Type:
                _type ??= new TypeReader(wire, 1);
                if (SeeFirst(AttributeKind.Type))
                    _type.Clear();
                _type.Read();
                break;
            case Tags.Attribute.Types:
                TypeReader type = new(wire, 1);
                type.Read();
                _types.Add(type.Build(_name));
                break;
            default:
                wire.Skip();
                break;
        }
    }

    private NodeAttribute Build(long start)
    {
        if (_name.Length == 0)
            throw new ModelException(Rules.MissingName, "an attribute has no name");
        AttributeKind kind = Kind(start);
        if (_reference.Length > 0)
            return new NodeAttribute(_name, kind) { Reference = _reference };
        switch (kind)
        {
            case AttributeKind.Int:
                return new NodeAttribute(_name, kind) { Ints = [_int] };
            case AttributeKind.Ints:
                return new NodeAttribute(_name, kind) { Ints = [.. _ints] };
            case AttributeKind.Float:
                return new NodeAttribute(_name, kind) { Floats = [_float] };
            case AttributeKind.Floats:
                return new NodeAttribute(_name, kind) { Floats = [.. _floats] };
            case AttributeKind.String:
                return new NodeAttribute(_name, kind) { Strings = [_string] };
            case AttributeKind.Strings:
                return new NodeAttribute(_name, kind) { Strings = [.. _strings] };
            case AttributeKind.Tensors:
                return new NodeAttribute(_name, kind) { Tensors = [.. _tensors] };
            case AttributeKind.SparseTensors:
                return new NodeAttribute(_name, kind) { SparseTensors = [.. _sparseTensors] };
            case AttributeKind.Graphs:
                return new NodeAttribute(_name, kind) { Graphs = [.. _graphs] };
            case AttributeKind.Types:
                return new NodeAttribute(_name, kind) { Types = [.. _types] };
            case AttributeKind.Undefined:
                return new NodeAttribute(_name, kind);
        }
        if (!Saw(kind))
            throw WireReader.Malformed(start, "the attribute '" + _name + "' holds nothing");
        return kind switch
        {
            AttributeKind.Tensor => new NodeAttribute(_name, kind) { Tensors = [_tensor.Build()] },
            AttributeKind.SparseTensor => new NodeAttribute(_name, kind) { SparseTensors = [_sparse!.Build()] },
            AttributeKind.Graph => new NodeAttribute(_name, kind) { Graphs = [_graph!.Build()] },
            _ => new NodeAttribute(_name, kind) { Types = [_type!.Build(_name)] },
        };
    }

    // Old files (IR 1) do not say the kind: then what is there tells it.
    private AttributeKind Kind(long start)
    {
        if (_kind is < 0 or > (int)AttributeKind.Types)
            throw WireReader.Malformed(start, "the attribute '" + _name + "' is of the unknown kind " + _kind.ToString(CultureInfo.InvariantCulture));
        if (_kind != 0)
            return (AttributeKind)_kind;
        for (AttributeKind kind = AttributeKind.Float; kind <= AttributeKind.Types; kind++)
        {
            if (Saw(kind))
                return kind;
        }
        return _ints.Count > 0 ? AttributeKind.Ints
            : _floats.Count > 0 ? AttributeKind.Floats
            : _strings.Count > 0 ? AttributeKind.Strings
            : _tensors.Count > 0 ? AttributeKind.Tensors
            : _graphs.Count > 0 ? AttributeKind.Graphs
            : _sparseTensors.Count > 0 ? AttributeKind.SparseTensors
            : _types.Count > 0 ? AttributeKind.Types
            : AttributeKind.Undefined;
    }

    private bool Saw(AttributeKind kind) => (_seen & 1 << (int)kind) != 0;

    // Whether this is the first occurrence; a message that occurs again is merged.
    private bool SeeFirst(AttributeKind kind)
    {
        bool first = !Saw(kind);
        _seen |= 1 << (int)kind;
        return first;
    }
}
