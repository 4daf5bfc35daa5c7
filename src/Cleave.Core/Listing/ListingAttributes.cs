using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;

namespace Cleave.Core.Listing;

/// <summary>Reads and writes the attributes of a listing.</summary>
internal static class ListingAttributes
{
    /// <summary>Reads an attribute with what is below it, and goes to the next line.</summary>
    /// <param name="scanner">Where from.</param>
    /// <param name="domain">Of the node that has it; "" for defaults of a function.</param>
    /// <param name="opType">The node's operator; "" likewise.</param>
    public static NodeAttribute Read(ListingScanner scanner, string domain = "", string opType = "")
    {
        string name = scanner.Text();
        string word = scanner.Word();
        if (word == "reference")
        {
            string reference = scanner.Text();
            AttributeKind referred = KindOf(scanner, scanner.Word());
            scanner.NextLine();
            return new NodeAttribute(name, referred) { Reference = reference };
        }
        AttributeKind kind = KindOf(scanner, word);
        if (!scanner.HasField && LearnedAttributes.Has(domain, opType, name, kind))
            return Then(new NodeAttribute(name, kind));
        switch (kind)
        {
            case AttributeKind.Int:
                return Then(new NodeAttribute(name, kind) { Ints = [scanner.Number()] });
            case AttributeKind.Ints:
                return Then(new NodeAttribute(name, kind) { Ints = scanner.Numbers() });
            case AttributeKind.Float:
                scanner.Space();
                return Then(new NodeAttribute(name, kind) { Floats = [scanner.BareFloat()] });
            case AttributeKind.Floats:
                return Then(new NodeAttribute(name, kind) { Floats = [.. scanner.List(s => s.BareFloat())] });
            case AttributeKind.String:
                scanner.Space();
                return Then(new NodeAttribute(name, kind) { Strings = [ReadString(scanner)] });
            case AttributeKind.Strings:
                return Then(new NodeAttribute(name, kind) { Strings = [.. scanner.List(ReadString)] });
            case AttributeKind.Tensor:
                return Then(new NodeAttribute(name, kind) { Tensors = [ListingTypes.ReadTensor(scanner, "")] });
            case AttributeKind.SparseTensor:
                return Then(new NodeAttribute(name, kind) { SparseTensors = [ListingTypes.ReadSparse(scanner, "")] });
            case AttributeKind.Type:
                scanner.Space();
                return Then(new NodeAttribute(name, kind) { Types = [ListingTypes.ReadType(scanner)] });
            case AttributeKind.Graph:
                return new NodeAttribute(name, kind) { Graphs = [ListingGraphs.ReadBody(scanner)] };
            case AttributeKind.Graphs:
                return new NodeAttribute(name, kind) { Graphs = [.. Lines(scanner, "body", ListingGraphs.ReadBody, advances: true)] };
            case AttributeKind.Tensors:
                return new NodeAttribute(name, kind) { Tensors = [.. Lines(scanner, "tensor", s => ListingTypes.ReadTensor(s, ""))] };
            case AttributeKind.SparseTensors:
                return new NodeAttribute(name, kind) { SparseTensors = [.. Lines(scanner, "sparse", s => ListingTypes.ReadSparse(s, ""))] };
            case AttributeKind.Types:
                return new NodeAttribute(name, kind) { Types = [.. Lines(scanner, "type", ListingTypes.ReadTypeField)] };
            default:
                return Then(new NodeAttribute(name, kind));
        }

        NodeAttribute Then(NodeAttribute attribute)
        {
            scanner.NextLine();
            return attribute;
        }
    }

    private static List<T> Lines<T>(ListingScanner scanner, string expected, Func<ListingScanner, T> read, bool advances = false)
    {
        List<T> items = [];
        foreach (string keyword in scanner.Block())
        {
            if (keyword != expected)
                throw scanner.Error("unknown line '" + keyword + "'");
            items.Add(read(scanner));
            if (!advances)
                scanner.NextLine();
        }
        return items;
    }

    private static AttributeText ReadString(ListingScanner scanner)
    {
        if (scanner.Sees('"'))
        {
            string text = scanner.Quoted();
            return new AttributeText(text, System.Text.Encoding.UTF8.GetByteCount(text));
        }
        if (scanner.BareWord() != "bytes")
            throw scanner.Error("a text is missing");
        scanner.Take('(');
        long length = scanner.BareNumber();
        scanner.Take(')');
        return new AttributeText(null, length);
    }

    /// <summary>Those of a node.</summary>
    public static void WriteOf(ListingText text, Node node)
    {
        if (node.Constant is { } constant && node.Attributes[0].Kind != AttributeKind.Tensor)
            WriteOne(text, AsTensor(node.Attributes[0], constant));
        else
            Write(text, ConstantNode.IsConstant(node) ? Array.ConvertAll(node.Attributes, a => AsTensor(a, a.AsTensor())) : node.Attributes, node);
    }

    // A constant's numbers are weights, and training changes them, wherever they stand: written like a tensor.
    private static NodeAttribute AsTensor(NodeAttribute attribute, TensorInfo? tensor) =>
        tensor is null ? attribute : new NodeAttribute(attribute.Name, AttributeKind.Tensor) { Tensors = [tensor] };

    /// <summary>In the order of their names.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="attributes">The attributes.</param>
    /// <param name="node">Whose they are; null: defaults of a function.</param>
    public static void Write(ListingText text, NodeAttribute[] attributes, Node? node = null)
    {
        if (attributes.Length == 0)
            return;
        bool sorted = true;
        for (int i = 1; i < attributes.Length && sorted; i++)
            sorted = string.CompareOrdinal(attributes[i - 1].Name, attributes[i].Name) <= 0;
        if (!sorted)
            attributes = [.. attributes.OrderBy(a => a.Name, StringComparer.Ordinal)];
        foreach (NodeAttribute attribute in attributes)
        {
            if (node is not null && LearnedAttributes.Has(node, attribute))
                WriteLearned(text, attribute);
            else
                WriteOne(text, attribute);
        }
    }

    // What kind it is: no more of it is the graph's.
    private static void WriteLearned(ListingText text, NodeAttribute attribute)
    {
        text.Line("attribute").Text(attribute.Name).Word(KindWord(attribute.Kind));
        if (attribute.Kind == AttributeKind.Tensor)
            ListingTypes.WriteTensor(text, new TensorInfo("", attribute.Tensors[0].Element, []));
        text.End();
    }

    private static void WriteOne(ListingText text, NodeAttribute attribute)
    {
        text.Line("attribute").Text(attribute.Name);
        if (attribute.Reference is { } reference)
        {
            text.Word("reference").Text(reference).Word(KindWord(attribute.Kind)).End();
            return;
        }
        text.Word(KindWord(attribute.Kind));
        switch (attribute.Kind)
        {
            case AttributeKind.Int:
                text.Number(attribute.Ints[0]);
                break;
            case AttributeKind.Ints:
                text.Numbers(attribute.Ints);
                break;
            case AttributeKind.Float:
                text.Raw(" ").RawFloat(attribute.Floats[0]);
                break;
            case AttributeKind.Floats:
                text.List(attribute.Floats, static (t, f) => t.RawFloat(f));
                break;
            case AttributeKind.String:
                text.Raw(" ");
                WriteString(text, attribute.Strings[0]);
                break;
            case AttributeKind.Strings:
                text.List(attribute.Strings, WriteString);
                break;
            case AttributeKind.Tensor:
                ListingTypes.WriteTensor(text, attribute.Tensors[0]);
                break;
            case AttributeKind.SparseTensor:
                ListingTypes.WriteSparse(text, attribute.SparseTensors[0]);
                break;
            case AttributeKind.Type:
                text.Raw(" ");
                ListingTypes.WriteType(text, attribute.Types[0]);
                break;
        }
        text.End();
        WriteBlocks(text, attribute);
    }

    // What does not fit on the attribute's own line.
    private static void WriteBlocks(ListingText text, NodeAttribute attribute)
    {
        text.Indent();
        switch (attribute.Kind)
        {
            case AttributeKind.Graph:
                ListingWriter.WriteBody(text, attribute.Graphs[0]);
                break;
            case AttributeKind.Graphs:
                foreach (OnnxGraph graph in attribute.Graphs)
                {
                    text.Line("body").End();
                    text.Indent();
                    ListingWriter.WriteBody(text, graph);
                    text.Unindent();
                }
                break;
            case AttributeKind.Tensors:
                foreach (TensorInfo tensor in attribute.Tensors)
                {
                    text.Line("tensor");
                    ListingTypes.WriteTensor(text, tensor);
                    text.End();
                }
                break;
            case AttributeKind.SparseTensors:
                foreach (SparseTensorInfo sparse in attribute.SparseTensors)
                {
                    text.Line("sparse");
                    ListingTypes.WriteSparse(text, sparse);
                    text.End();
                }
                break;
            case AttributeKind.Types:
                foreach (OnnxType type in attribute.Types)
                {
                    text.Line("type").Raw(" ");
                    ListingTypes.WriteType(text, type);
                    text.End();
                }
                break;
        }
        text.Unindent();
    }

    private static void WriteString(ListingText text, AttributeText value)
    {
        if (value.Text is { } s)
            text.RawText(s);
        else
            text.Raw("bytes(").RawNumber(value.ByteLength).Raw(")");
    }

    private static AttributeKind KindOf(ListingScanner scanner, string word)
    {
        int kind = Array.IndexOf(KindWords, word);
        return kind >= 0 ? (AttributeKind)kind : throw scanner.Error("unknown kind '" + word + "'");
    }

    // A list, not a dictionary of an enum: that would be compiled anew in every compiler process.
    private static readonly string[] KindWords =
        [.. Enumerable.Range(0, (int)AttributeKind.Types + 1).Select(n => KindWord((AttributeKind)n))];

    private static string KindWord(AttributeKind kind) => kind switch
    {
        AttributeKind.Float => "float",
        AttributeKind.Int => "int",
        AttributeKind.String => "string",
        AttributeKind.Tensor => "tensor",
        AttributeKind.Graph => "graph",
        AttributeKind.Floats => "floats",
        AttributeKind.Ints => "ints",
        AttributeKind.Strings => "strings",
        AttributeKind.Tensors => "tensors",
        AttributeKind.Graphs => "graphs",
        AttributeKind.SparseTensor => "sparse",
        AttributeKind.SparseTensors => "sparses",
        AttributeKind.Type => "type",
        AttributeKind.Types => "types",
        _ => "undefined",
    };
}
