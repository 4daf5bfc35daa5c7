using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>Reads and writes the types and constants of a listing.</summary>
internal static class ListingTypes
{
    public static TensorInfo ReadTensor(ListingScanner scanner, string name)
    {
        ElementType element = ReadElement(scanner, scanner.Word());
        TensorInfo tensor = new(name, element, scanner.Numbers()) { ByteSize = scanner.Number() };
        if (!scanner.HasField)
            return tensor;
        if (scanner.Word() != "values" || tensor.SmallCount() is not { } count)
            throw scanner.Error("values are not expected here");
        if (element is ElementType.Float or ElementType.Double)
            tensor.Keep(null, [.. scanner.List(s => s.BareFloat())]);
        else
            tensor.Keep(scanner.Numbers(), null);
        if ((tensor.Integers?.Length ?? tensor.Floats!.Length) != count)
            throw scanner.Error("there are more or fewer values than the shape says");
        return tensor;
    }

    public static SparseTensorInfo ReadSparse(ListingScanner scanner, string name)
    {
        ElementType element = ReadElement(scanner, scanner.Word());
        long[] dims = scanner.Numbers();
        long[] stored = [scanner.Number()];
        return new SparseTensorInfo(new TensorInfo(name, element, stored), new TensorInfo("", ElementType.Int64, stored), dims);
    }

    public static OnnxType ReadTypeField(ListingScanner scanner)
    {
        scanner.Space();
        return ReadType(scanner);
    }

    public static OnnxType ReadType(ListingScanner scanner) => ReadType(scanner, 1);

    private static OnnxType ReadType(ListingScanner scanner, int depth)
    {
        if (depth > ModelReader.DeepestNesting)
            throw scanner.Error("types are nested too deeply");
        string word = scanner.BareWord();
        switch (word)
        {
            case "unknown":
                return OnnxType.Unknown.Instance;
            case "tensor":
                return new OnnxType.Tensor(ReadElement(scanner, scanner.Word()), ReadShape(scanner));
            case "sparse":
                return new OnnxType.SparseTensor(ReadElement(scanner, scanner.Word()), ReadShape(scanner));
        }
        scanner.Take('(');
        OnnxType type;
        switch (word)
        {
            case "sequence":
                type = new OnnxType.Sequence(ReadType(scanner, depth + 1));
                break;
            case "optional":
                type = new OnnxType.Optional(ReadType(scanner, depth + 1));
                break;
            case "map":
                ElementType key = ReadElement(scanner, scanner.BareWord());
                scanner.Take(',');
                type = new OnnxType.Map(key, ReadType(scanner, depth + 1));
                break;
            case "opaque":
                string domain = scanner.Quoted();
                scanner.Take(',');
                type = new OnnxType.Opaque(domain, scanner.Quoted());
                break;
            default:
                throw scanner.Error("unknown type '" + word + "'");
        }
        scanner.Take(')');
        return type;
    }

    private static Dimension[]? ReadShape(ListingScanner scanner)
    {
        scanner.Space();
        if (scanner.TryTake('*'))
            return null;
        scanner.Take('[');
        List<Dimension> shape = [];
        if (scanner.TryTake(']'))
            return [];
        do
        {
            if (scanner.TryTake('?'))
                shape.Add(Dimension.Unknown);
            else if (scanner.Sees('"'))
                shape.Add(Dimension.Named(scanner.Quoted()));
            else
                shape.Add(Dimension.Fixed(scanner.BareNumber()));
        }
        while (scanner.TryTake(','));
        scanner.Take(']');
        return [.. shape];
    }

    public static ElementType ReadElement(ListingScanner scanner, string word)
    {
        int element = Array.IndexOf(ElementWords, word);
        return element >= 0 ? (ElementType)element : throw scanner.Error("unknown element type '" + word + "'");
    }

    public static void WriteTensor(ListingText text, TensorInfo tensor)
    {
        text.Word(tensor.Element.Word()).Numbers(tensor.Dims).Number(tensor.ByteSize);
        if (tensor.Integers is { } integers)
            text.Word("values").Numbers(integers);
        else if (tensor.Floats is { } floats)
            text.Word("values").List(floats, static (t, f) => t.RawFloat(f));
    }

    public static void WriteSparse(ListingText text, SparseTensorInfo sparse) =>
        text.Word(sparse.Values.Element.Word()).Numbers(sparse.Dims)
            .Number(sparse.Values.Dims.Length > 0 ? sparse.Values.Dims[0] : 0);

    public static void WriteType(ListingText text, OnnxType type)
    {
        switch (type)
        {
            case OnnxType.Tensor tensor:
                text.Raw("tensor ").Raw(tensor.Element.Word());
                WriteShape(text, tensor.Shape);
                break;
            case OnnxType.SparseTensor sparse:
                text.Raw("sparse ").Raw(sparse.Element.Word());
                WriteShape(text, sparse.Shape);
                break;
            case OnnxType.Sequence sequence:
                Wrap("sequence(", sequence.Element);
                break;
            case OnnxType.Optional optional:
                Wrap("optional(", optional.Element);
                break;
            case OnnxType.Map map:
                text.Raw("map(").Raw(map.Key.Word()).Raw(",");
                WriteType(text, map.Value);
                text.Raw(")");
                break;
            case OnnxType.Opaque opaque:
                text.Raw("opaque(").RawText(opaque.Domain).Raw(",").RawText(opaque.Name).Raw(")");
                break;
            default:
                text.Raw("unknown");
                break;
        }

        void Wrap(string open, OnnxType element)
        {
            text.Raw(open);
            WriteType(text, element);
            text.Raw(")");
        }
    }

    private static void WriteShape(ListingText text, Dimension[]? shape)
    {
        if (shape is null)
        {
            text.Raw(" *");
            return;
        }
        text.List(shape, static (t, d) =>
        {
            if (d.Value is { } value)
                t.RawNumber(value);
            else if (d.Name is { } name)
                t.RawText(name);
            else
                t.Raw("?");
        });
    }

    // As the kinds of attributes: a list, for the same reason.
    private static readonly string[] ElementWords =
        [.. Enumerable.Range(0, (int)ElementType.Int2 + 1).Select(n => ((ElementType)n).Word())];
}
