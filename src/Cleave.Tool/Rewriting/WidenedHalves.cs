using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Widening;
using Cleave.OnnxProto;
using Google.Protobuf.Collections;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Has the floats of 16 bits of a model computed in 32: the type is another one wherever the messages say it. Weights keep their 16 bits, behind a <c>Cast</c>; a value that is cast down and
/// up again goes on being rounded.
/// </summary>
internal sealed class WidenedHalves
{
    private const int Half = (int)ElementType.Float16;
    private const int Single = (int)ElementType.Float;

    private readonly HalfFloats _halves;

    // What the model takes and gives keeps its type, and casts stand behind and before it.
    private readonly HashSet<ValueInfoProto> _border = [];

    private WidenedHalves(HalfFloats halves) => _halves = halves;

    /// <summary>How many values and weights have other types now; 0 where nothing is computed in 16 bits, or it cannot be done.</summary>
    public static int Apply(ModelEdit edit)
    {
        if (WhyNot(edit.Model, out HalfFloats? halves) != null || halves is null || !Computes(edit))
            return 0;
        int count = edit.Graph.Initializer.Count(static t => t.DataType == Half) + edit.Facts.Values.Values.Count(static v => v.Element == ElementType.Float16);
        WidenedHalves widened = new(halves);
        widened.MarkBorder(edit.Graph);
        widened.Change(edit.Model);
        widened.CastAtBorder(edit.Graph);
        return Math.Max(1, count);
    }

    /// <summary>Why a model cannot be changed so; null where it can, or has nothing to change.</summary>
    public static string? WhyNot(ModelProto model) => WhyNot(model, out _);

    /// <summary>Changes the inputs and outputs, too: the model then says what exact arithmetic on its weights gives, as far as 32 bits are exact.</summary>
    /// <exception cref="RewriteException">That cannot be done.</exception>
    public static void MakeExact(ModelProto model)
    {
        if (WhyNot(model, out HalfFloats? halves) is { } why)
            throw new RewriteException(why);
        if (halves is null)
            return;
        // A weight that is an input, too, would have its value from a Cast then, and a name cannot be both.
        InputInitializers.Apply(new ModelEdit(model));
        new WidenedHalves(halves).Change(model);
    }

    private static string? WhyNot(ModelProto model, out HalfFloats? halves)
    {
        OnnxModel graph = ModelMessage.Graph(model);
        halves = HalfFloats.Of(graph);
        return halves is null ? null
            : halves.WhyNotAtAll ?? halves.WhyNot(graph.Graph.Nodes.Concat(graph.Functions.SelectMany(static f => f.Nodes)))
            ?? (graph.Graph.SparseInitializers.Any(static t => t.Values.Element == ElementType.Float16) ? "a weight is a sparse tensor of 16 bits" : null);
    }

    // Not where such values are cast alone, as in a model that was changed already. In bodies and functions any such value counts: types are not known there.
    private static bool Computes(ModelEdit edit)
    {
        OnnxModel model = edit.Facts.Model;
        if (model.Functions.Any(static f => f.Nodes.Any(static n => Array.Exists(n.Attributes, StatedTypes.SaysHalf))))
            return true;
        for (int i = 0; i < model.Graph.Nodes.Count; i++)
        {
            Node node = model.Graph.Nodes[i];
            if (node.Domain.Length == 0 && node.OpType is "Cast" or "Constant" or "ConstantOfShape")
                continue;
            if (Array.Exists(node.Attributes, static a => a.Graphs.Length > 0 && StatedTypes.SaysHalf(a))
                || edit.Index.Reads(i).Concat(node.Outputs).Any(v => v.Length > 0 && edit.Facts.Of(v).Element is ElementType.Float16 or ElementType.Undefined))
            {
                return true;
            }
        }
        return false;
    }

    private void Change(ModelProto model)
    {
        Change(model.Graph);
        foreach (FunctionProto function in model.Functions)
        {
            Change(function.Node);
            foreach (ValueInfoProto value in function.ValueInfo)
                Change(value.Type);
        }
    }

    private void Change(GraphProto graph)
    {
        foreach (ValueInfoProto value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo).Where(v => !_border.Contains(v)))
            Change(value.Type);
        Change(graph.Node);
        List<NodeProto> casts = [];
        foreach (TensorProto weight in graph.Initializer.Where(static t => t.DataType == Half))
        {
            string name = weight.Name;
            weight.Name = _halves.HalfName(name);
            casts.Add(Cast(weight.Name, name, Single));
        }
        Insert(graph.Node, casts);
    }

    private void Change(RepeatedField<NodeProto> nodes)
    {
        List<NodeProto> changed = [];
        foreach (NodeProto node in nodes)
        {
            changed.Add(node);
            bool isOwn = node.Domain is "" or "ai.onnx", rounds = isOwn && node.OpType == "Cast" && node.Output.Count == 1
                && _halves.IsRounding(node.OpType, node.Output, node.Attribute.Any(static a => a.Name == "to" && a.I == Half));
            if (!rounds)
                Change(node);
            if (!rounds && !(isOwn && node.OpType is "Constant" or "ConstantOfShape" && node.Attribute.Any(static a => a.T?.DataType == Half)))
                continue;
            string name = node.Output[0];
            node.Output[0] = _halves.HalfName(name);
            changed.Add(Cast(node.Output[0], name, Single));
        }
        nodes.Clear();
        nodes.AddRange(changed);
    }

    private void Change(NodeProto node)
    {
        foreach (AttributeProto attribute in node.Attribute)
        {
            if (attribute.Type == Kind.Int && attribute.I == Half && StatedTypes.IsNumber(attribute.Name))
                attribute.I = Single;
            Change(attribute.Tp);
            foreach (TypeProto type in attribute.TypeProtos)
                Change(type);
            foreach (GraphProto body in attribute.Graphs)
                Change(body);
            if (attribute.G != null)
                Change(attribute.G);
        }
    }

    private static void Change(TypeProto? type)
    {
        if (type?.TensorType is { ElemType: Half } tensor)
            tensor.ElemType = Single;
        if (type?.SparseTensorType is { ElemType: Half } sparse)
            sparse.ElemType = Single;
        if (type is null)
            return;
        Change(type.SequenceType?.ElemType);
        Change(type.OptionalType?.ElemType);
        Change(type.MapType?.ValueType);
    }

    private void MarkBorder(GraphProto graph)
    {
        HashSet<string> weights = [.. graph.Initializer.Select(static t => t.Name)];
        _border.UnionWith(graph.Input.Where(i => !weights.Contains(i.Name)).Concat(graph.Output).Where(static v => v.Type?.TensorType?.ElemType == Half));
    }

    private void CastAtBorder(GraphProto graph)
    {
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        List<NodeProto> first = [], last = [];
        foreach (ValueInfoProto input in graph.Input.Where(_border.Contains))
        {
            names.Add(input.Name, _halves.WideName(input.Name));
            first.Add(Cast(input.Name, names[input.Name], Single));
        }
        // One that is taken and given is handed on as it is.
        foreach (ValueInfoProto output in graph.Output.Where(o => _border.Contains(o) && names.TryAdd(o.Name, _halves.WideName(o.Name))))
            last.Add(Cast(names[output.Name], output.Name, Half));
        Rename(graph.Node, names);
        Insert(graph.Node, first);
        graph.Node.AddRange(last);
    }

    private static void Rename(IEnumerable<NodeProto> nodes, IReadOnlyDictionary<string, string> names)
    {
        foreach (NodeProto node in nodes)
        {
            Rename(node.Input, names);
            Rename(node.Output, names);
            foreach (GraphProto body in node.Attribute.SelectMany(static a => a.G is null ? a.Graphs : a.Graphs.Append(a.G)))
            {
                // Names of its own hide those outside.
                HashSet<string> own = [.. body.Input.Select(static i => i.Name), .. body.Initializer.Select(static t => t.Name), .. body.Node.SelectMany(static n => n.Output)];
                Dictionary<string, string> seen = names.Where(n => !own.Contains(n.Key)).ToDictionary(static n => n.Key, static n => n.Value, StringComparer.Ordinal);
                Rename(body.Node, seen);
                foreach (ValueInfoProto output in body.Output.Where(o => seen.ContainsKey(o.Name)))
                    output.Name = seen[output.Name];
            }
        }
    }

    private static void Rename(RepeatedField<string> values, IReadOnlyDictionary<string, string> names)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (names.TryGetValue(values[i], out string? other))
                values[i] = other;
        }
    }

    private static void Insert(RepeatedField<NodeProto> nodes, IReadOnlyList<NodeProto> first)
    {
        for (int i = 0; i < first.Count; i++)
            nodes.Insert(i, first[i]);
    }

    private static NodeProto Cast(string from, string to, int type) =>
        new() { OpType = "Cast", Name = to, Input = { from }, Output = { to }, Attribute = { new AttributeProto { Name = "to", Type = Kind.Int, I = type } } };
}
