using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>Reads the types and constants of a listing.</summary>
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

    // As the kinds of attributes: a list, for the same reason.
    private static readonly string[] ElementWords =
        [.. Enumerable.Range(0, (int)ElementType.Int2 + 1).Select(n => ((ElementType)n).Word())];
}
