using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>Reads the attributes of a listing.</summary>
internal static class ListingAttributes
{
    // Reads an attribute with what is below it, and goes to the next line.
    public static NodeAttribute Read(ListingScanner scanner)
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

    private static AttributeKind KindOf(ListingScanner scanner, string word)
    {
        int kind = Array.IndexOf(KindWords, word);
        return kind >= 0 ? (AttributeKind)kind : throw scanner.Error("unknown kind '" + word + "'");
    }

    // A list, not a dictionary of an enum: that would be compiled anew in every compiler process.
    private static readonly string[] KindWords =
        [.. Enumerable.Range(0, (int)AttributeKind.Types + 1).Select(n => ListingWriter.KindWord((AttributeKind)n))];
}
