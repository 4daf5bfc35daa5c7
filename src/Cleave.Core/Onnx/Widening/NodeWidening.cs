using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Onnx.Widening;

/// <summary>
/// Writes nodes of a file again, bodies and functions included: with other names for some values, and with floats of 32 bits wherever they say 16, unless
/// <paramref name="widens"/> is false. Not thread-safe.
/// </summary>
/// <param name="fields">The file.</param>
/// <param name="halves">The model's floats of 16 bits.</param>
/// <param name="widens">Whether types change, too.</param>
internal sealed class NodeWidening(WireFields fields, HalfFloats halves, bool widens)
{
    private static readonly byte[] Nothing = [];

    /// <summary>A <c>Cast</c>.</summary>
    public static void Cast(MessageBuilder target, int tag, string from, string to, ElementType type)
    {
        MessageBuilder message = new();
        NodeWriter.Write(message, new Node("", "Cast", "", [from], [to], [new NodeAttribute("to", AttributeKind.Int) { Ints = [(long)type] }]));
        target.Message(tag, message);
    }

    /// <summary>A NodeProto, and what must follow it.</summary>
    /// <param name="target">A graph or a function.</param>
    /// <param name="tag">Of nodes there.</param>
    /// <param name="message">Where it lies.</param>
    /// <param name="names">Other names of values.</param>
    public void Node(MessageBuilder target, int tag, ByteRange message, IReadOnlyDictionary<string, string> names)
    {
        List<WireField> parts = fields.Of(message);
        string type = fields.Text(parts, Tags.Node.OpType);
        string[] outputs = [.. parts.Where(static f => f.Tag == Tags.Node.Output).Select(f => Named(fields.Text(f.Bytes), names))];
        bool isOwn = ModelReader.Domain(fields.Text(parts, Tags.Node.Domain)).Length == 0;
        bool hasHalfTensor = false, saysHalf = false;
        List<(WireField Field, List<WireField> Parts)> attributes = [];
        foreach (WireField field in parts)
        {
            if (field.Tag != Tags.Node.Attribute)
                continue;
            List<WireField> inner = fields.Of(field.Bytes);
            attributes.Add((field, inner));
            hasHalfTensor |= inner.Exists(f => f.Tag == Tags.Attribute.Tensor && IsHalf(f.Bytes));
            saysHalf |= StatedTypes.IsNumber(fields.Text(inner, Tags.Attribute.Name)) && WireFields.Number(inner, Tags.Attribute.Int) == (long)ElementType.Float16;
        }
        bool isRounding = widens && isOwn && halves.IsRounding(type, [.. parts.Where(static f => f.Tag == Tags.Node.Output).Select(f => fields.Text(f.Bytes))], saysHalf);
        // What it makes has 16 bits: the value of a constant, or a result that is rounded for its own sake.
        bool staysHalf = isRounding || (widens && isOwn && hasHalfTensor && outputs.Length == 1);
        MessageBuilder node = new();
        foreach (WireField field in parts)
        {
            if (field.Tag == Tags.Node.Input)
                node.Bytes(field.Tag, Utf8(Named(fields.Text(field.Bytes), names)));
            else if (field.Tag is not (Tags.Node.Output or Tags.Node.Attribute))
                fields.Copy(node, field);
        }
        foreach (string output in outputs)
            node.Bytes(Tags.Node.Output, Utf8(staysHalf ? halves.HalfName(output) : output));
        foreach ((WireField field, List<WireField> inner) in attributes)
        {
            if (isRounding)
                fields.Copy(node, field);
            else
                Attribute(node, inner, names);
        }
        target.Message(tag, node);
        if (staysHalf)
            Cast(target, tag, halves.HalfName(outputs[0]), outputs[0], ElementType.Float);
    }

    /// <summary>A FunctionProto.</summary>
    public void Function(MessageBuilder target, int tag, ByteRange message)
    {
        MessageBuilder function = new();
        foreach (WireField field in fields.Of(message))
        {
            if (field.Tag == Tags.Function.Node)
                Node(function, field.Tag, field.Bytes, new Dictionary<string, string>());
            else if (field.Tag == Tags.Function.ValueInfo && widens)
                TypeWidening.Value(function, field.Tag, fields, field.Bytes);
            else
                fields.Copy(function, field);
        }
        target.Message(tag, function);
    }

    private void Attribute(MessageBuilder node, List<WireField> parts, IReadOnlyDictionary<string, string> names)
    {
        bool isType = widens && StatedTypes.IsNumber(fields.Text(parts, Tags.Attribute.Name));
        MessageBuilder attribute = new();
        foreach (WireField field in parts)
        {
            switch (field.Tag)
            {
                case Tags.Attribute.Int when isType:
                    attribute.Number(field.Tag, TypeWidening.Element(field.Number));
                    break;
                case Tags.Attribute.Graph or Tags.Attribute.Graphs:
                    Body(attribute, field, names);
                    break;
                case Tags.Attribute.Type or Tags.Attribute.Types when widens:
                    TypeWidening.Type(attribute, field.Tag, fields, field.Bytes);
                    break;
                default:
                    fields.Copy(attribute, field);
                    break;
            }
        }
        node.Message(Tags.Node.Attribute, attribute);
    }

    // Names of its own hide those outside.
    private void Body(MessageBuilder target, WireField body, IReadOnlyDictionary<string, string> outside)
    {
        List<WireField> parts = fields.Of(body.Bytes);
        HashSet<string> own = Defined(parts);
        Dictionary<string, string> names = outside.Where(n => !own.Contains(n.Key)).ToDictionary(static n => n.Key, static n => n.Value, StringComparer.Ordinal);
        MessageBuilder graph = new();
        foreach (string name in parts.Where(f => f.Tag == Tags.Graph.Initializer && widens && IsHalf(f.Bytes)).Select(TensorName))
            Cast(graph, Tags.Graph.Node, halves.HalfName(name), name, ElementType.Float);
        foreach (WireField field in parts)
        {
            switch (field.Tag)
            {
                case Tags.Graph.Node:
                    Node(graph, field.Tag, field.Bytes, names);
                    break;
                case Tags.Graph.Initializer when widens && IsHalf(field.Bytes):
                    MessageBuilder tensor = new();
                    tensor.Append(fields.Source, field.Bytes);
                    // Of two names in a message the last counts.
                    tensor.Text(Tags.Tensor.Name, halves.HalfName(TensorName(field)));
                    graph.Message(field.Tag, tensor);
                    break;
                case Tags.Graph.Input or Tags.Graph.ValueInfo or Tags.Graph.Output:
                    Value(graph, field, names);
                    break;
                default:
                    fields.Copy(graph, field);
                    break;
            }
        }
        target.Message(body.Tag, graph);
    }

    private void Value(MessageBuilder graph, WireField field, Dictionary<string, string> names)
    {
        string name = fields.Text(fields.Of(field.Bytes), Tags.ValueInfo.Name);
        string? other = names.TryGetValue(name, out string? given) ? given : null;
        if (widens)
        {
            TypeWidening.Value(graph, field.Tag, fields, field.Bytes, other);
            return;
        }
        MessageBuilder value = new();
        value.Append(fields.Source, field.Bytes);
        if (other != null)
            value.Text(Tags.ValueInfo.Name, other);
        graph.Message(field.Tag, value);
    }

    private HashSet<string> Defined(List<WireField> graph)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (WireField field in graph)
        {
            if (field.Tag == Tags.Graph.Input)
                names.Add(fields.Text(fields.Of(field.Bytes), Tags.ValueInfo.Name));
            else if (field.Tag == Tags.Graph.Initializer)
                names.Add(TensorName(field));
            else if (field.Tag == Tags.Graph.Node)
                names.UnionWith(fields.Of(field.Bytes).Where(static f => f.Tag == Tags.Node.Output).Select(f => fields.Text(f.Bytes)));
        }
        return names;
    }

    private string TensorName(WireField tensor) => fields.Text(fields.Of(tensor.Bytes), Tags.Tensor.Name);

    private bool IsHalf(ByteRange tensor) => WireFields.Number(fields.Of(tensor), Tags.Tensor.Element) == (long)ElementType.Float16;

    private static string Named(string value, IReadOnlyDictionary<string, string> names) => names.TryGetValue(value, out string? other) ? other : value;

    private static byte[] Utf8(string name) => name.Length == 0 ? Nothing : Encoding.UTF8.GetBytes(name);
}
