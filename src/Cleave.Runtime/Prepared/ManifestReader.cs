using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;

namespace Cleave.Prepared;

/// <summary>Takes the lines of a manifest apart.</summary>
internal static class ManifestReader
{
    // More threads, dimensions and elements are damage.
    private const int Most = 4096;

    /// <exception cref="ListingException">It is no such text.</exception>
    /// <exception cref="IOException">It is of another version, for which another release of this library may have use.</exception>
    public static PreparedManifest Read(ListingScanner scanner, string firstLine, long version)
    {
        if (scanner.Keyword != firstLine)
            throw scanner.Error("this is no manifest");
        if (scanner.Number() is var written && written != version)
            throw new IOException(FormattableString.Invariant($"its manifest is of version {written}, and this release reads version {version}"));
        scanner.NextLine();
        PreparedManifest manifest = new() { Target = ReadTarget(scanner) };
        if (scanner.Keyword == "not-preparable")
        {
            manifest = manifest with { NotPreparable = scanner.Text() };
            scanner.NextLine();
            return scanner.AtEnd ? manifest : throw scanner.Error("nothing more is expected");
        }
        manifest = manifest with { Sources = ReadFiles(scanner, "source"), SourceHash = One(scanner, "sources"), Files = ReadFiles(scanner, "file") };
        Expect(scanner, "regions");
        long[] regions = scanner.Numbers();
        string edges = scanner.Text();
        if (regions.Length % 2 != 0 || regions.Any(static n => n < 0))
            throw scanner.Error("regions are pairs of numbers");
        scanner.NextLine();
        Expect(scanner, "damage");
        (int Damaged, int Noticed) damage = (Small(scanner), Small(scanner));
        scanner.NextLine();
        return manifest with
        {
            Regions = [.. Enumerable.Range(0, regions.Length / 2).Select(i => new ByteRange(regions[2 * i], regions[2 * i + 1]))],
            Edges = edges,
            Damage = damage,
            Probe = new Probe(ReadInputs(scanner)),
            Expected = ReadOutputs(scanner),
        };
    }

    private static PreparedTarget ReadTarget(ListingScanner scanner)
    {
        Expect(scanner, "model");
        string model = scanner.Text(), segment = scanner.Text();
        scanner.NextLine();
        string graph = One(scanner, "graph"), part = One(scanner, "part"), weights = One(scanner, "weights");
        Expect(scanner, "onnxruntime");
        string release = scanner.Text(), library = scanner.Text();
        scanner.NextLine();
        return new PreparedTarget(model, segment, graph, part, weights, release, library, One(scanner, "processor"), One(scanner, "configuration"));
    }

    private static List<PreparedFile> ReadFiles(ListingScanner scanner, string keyword)
    {
        List<PreparedFile> files = [];
        while (scanner.Keyword == keyword)
        {
            string name = scanner.Text();
            // It must not lead elsewhere.
            if (name.Length == 0 || name is "." or ".." || name.IndexOfAny(['/', '\\', ':', '\0']) >= 0)
                throw scanner.Error("'" + name + "' is no plain file name");
            files.Add(new PreparedFile(name, scanner.Number(), scanner.Number(), scanner.Number(), scanner.Text()));
            scanner.NextLine();
        }
        return files;
    }

    private static List<ProbeInput> ReadInputs(ListingScanner scanner)
    {
        List<ProbeInput> inputs = [];
        while (scanner.Keyword == "input")
        {
            string name = scanner.Text();
            ElementType type = ListingTypes.ReadElement(scanner, scanner.Word());
            int[] shape = [.. scanner.Numbers().Select(n => n is >= 0 and <= int.MaxValue ? (int)n : throw scanner.Error("a size is out of range"))];
            long[] integers = scanner.Numbers();
            inputs.Add(new ProbeInput(name, type, shape, scanner.Number() == 0 ? null : integers));
            scanner.NextLine();
        }
        return inputs;
    }

    private static Dictionary<int, string> ReadOutputs(ListingScanner scanner)
    {
        Dictionary<int, string> outputs = [];
        while (!scanner.AtEnd)
        {
            Expect(scanner, "output");
            if (!outputs.TryAdd(Small(scanner), scanner.Text()))
                throw scanner.Error("the number of threads stands there twice");
            scanner.NextLine();
        }
        return outputs;
    }

    private static int Small(ListingScanner scanner) => scanner.Number() is >= 0 and <= Most and var number ? (int)number : throw scanner.Error("a number is out of range");

    private static string One(ListingScanner scanner, string keyword)
    {
        Expect(scanner, keyword);
        string text = scanner.Text();
        scanner.NextLine();
        return text;
    }

    private static void Expect(ListingScanner scanner, string keyword)
    {
        if (scanner.Keyword != keyword || scanner.Depth != 0)
            throw scanner.Error("'" + keyword + "' is expected");
    }
}
