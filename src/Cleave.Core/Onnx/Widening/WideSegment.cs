using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Onnx.Widening;

/// <summary>
/// How the sub-model of one segment differs from the file where the model's floats of 16 bits are computed in 32. What the model takes and gives keeps its type; values between
/// segments have 32 bits. A segment that cannot be widened stays as published between casts.
/// </summary>
internal sealed class WideSegment
{
    private readonly GraphIndex _index;
    private readonly SegmentSlice _slice;
    private readonly HalfFloats _halves;
    private readonly WireFields _fields;
    private readonly NodeWidening _nodes;
    // What values at the border are called inside, and the type that they have there.
    private readonly Dictionary<string, string> _inside = new(StringComparer.Ordinal);

    public WideSegment(GraphIndex index, SegmentSlice slice, HalfFloats halves, IReadOnlyCollection<ModelFunction> functions, ByteSource source)
    {
        _index = index;
        _slice = slice;
        _halves = halves;
        IEnumerable<Node> nodes = slice.Nodes.Select(i => index.Nodes[i]);
        WhyNot = halves.WhyNotAtAll ?? halves.WhyNot(nodes.Concat(functions.SelectMany(static f => f.Nodes)))
            ?? (slice.SparseInitializers.Any(static t => t.Values.Element == ElementType.Float16) ? "it reads a sparse tensor of 16 bits" : null)
            ?? slice.Constants.Select(c => halves.WhyNot([c])).FirstOrDefault(static why => why != null);
        _fields = new WireFields(source);
        _nodes = new NodeWidening(_fields, halves, Widens);
        foreach (string name in slice.Reads.Concat(slice.Writes).Distinct(StringComparer.Ordinal))
        {
            // Between segments there are 32 bits, in a widened one, too; what the model takes and gives has 16, in one that is not, too.
            if (IsHalf(name) && slice.IsGivenOrTaken(name) == Widens)
                _inside.Add(name, Widens ? halves.WideName(name) : halves.HalfName(name));
        }
    }

    /// <summary>Why it stays as published; null where it is widened.</summary>
    public string? WhyNot { get; }

    private bool Widens => WhyNot is null;

    private ElementType Inner => Widens ? ElementType.Float : ElementType.Float16;

    private ElementType Outer => Widens ? ElementType.Float16 : ElementType.Float;

    /// <summary>Casts what the segment takes; before its nodes.</summary>
    public void WriteFirst(MessageBuilder graph)
    {
        foreach (string read in _slice.Reads)
        {
            if (_inside.TryGetValue(read, out string? inside))
                NodeWidening.Cast(graph, Tags.Graph.Node, read, inside, Inner);
        }
        if (!Widens)
            return;
        foreach (TensorInfo tensor in _slice.Initializers)
            WriteCast(graph, tensor, tensor.Name);
        foreach (Node constant in _slice.Constants)
        {
            foreach (TensorInfo tensor in constant.Attributes[0].Tensors)
                WriteCast(graph, tensor, constant.Outputs[0]);
        }
    }

    /// <summary>Writes a node that differs; false where it stays as it is in the file.</summary>
    public bool TryWriteNode(MessageBuilder graph, int position)
    {
        Node node = _index.Nodes[position];
        bool says = Widens && (Array.Exists(node.Attributes, StatedTypes.SaysHalf) || _halves.IsRounding(node));
        if (!says && !Array.Exists(_index.Reads(position), _inside.ContainsKey) && !Array.Exists(node.Outputs, _inside.ContainsKey))
            return false;
        if (node.Message.Exists)
        {
            _nodes.Node(graph, Tags.Graph.Node, node.Message, _inside);
            return true;
        }
        // Made by a rewriting: it stands in no file.
        MessageBuilder made = new();
        NodeWriter.Write(made, node);
        byte[] bytes = made.ToArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        MessageBuilder changed = new();
        new NodeWidening(new WireFields(source), _halves, Widens).Node(changed, Tags.Graph.Node, new ByteRange(0, bytes.Length), _inside);
        byte[] result = changed.ToArray();
        graph.Append(ByteSource.FromBytes(result, 0, result.Length), new ByteRange(0, result.Length));
        return true;
    }

    /// <summary>Casts what the segment gives; behind its nodes.</summary>
    public void WriteLast(MessageBuilder graph)
    {
        foreach (string write in _slice.Writes)
        {
            // One that is taken and given is handed on as it is.
            if (_inside.TryGetValue(write, out string? inside) && !_slice.Reads.Contains(write))
                NodeWidening.Cast(graph, Tags.Graph.Node, inside, write, Outer);
        }
    }

    /// <summary>The name under which a weight is written.</summary>
    public string NameOf(TensorInfo tensor, string name) =>
        Widens && tensor.Element == ElementType.Float16 ? _halves.HalfName(name) : _inside.TryGetValue(name, out string? inside) ? inside : name;

    /// <summary>The type of a value at the border that has another one than in the file; null where it has not.</summary>
    public OnnxType.Tensor? TypeOf(string name) => IsHalf(name) && !_slice.IsGivenOrTaken(name) ? TypeInFile(name)! with { Element = ElementType.Float } : null;

    /// <summary>Writes what the file says of a value inside, which is none of the border's.</summary>
    public void WriteValue(MessageBuilder graph, ValueInfo value)
    {
        if (Widens && StatedTypes.IsHalf(value.Type))
            TypeWidening.Value(graph, Tags.Graph.ValueInfo, _fields, value.Message);
        else
            graph.Copy(Tags.Graph.ValueInfo, _fields.Source, value.Message);
    }

    public void WriteFunction(MessageBuilder model, ModelFunction function) => _nodes.Function(model, Tags.Model.Function, function.Message);

    private void WriteCast(MessageBuilder graph, TensorInfo tensor, string name)
    {
        if (tensor.Element == ElementType.Float16)
            NodeWidening.Cast(graph, Tags.Graph.Node, _halves.HalfName(name), _inside.TryGetValue(name, out string? inside) ? inside : name, ElementType.Float);
    }

    private bool IsHalf(string name) => TypeInFile(name)?.Element == ElementType.Float16;

    private OnnxType.Tensor? TypeInFile(string name) => _index.IsInput(name)
        ? _index.Value(name)?.Type as OnnxType.Tensor
        : _slice.RequestedType(name) ?? _index.Value(name)?.Type as OnnxType.Tensor;
}
