using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Graph;
using Cleave.Core.Listing;

namespace Cleave.Prepared;

/// <summary>A file as it was when the manifest was written.</summary>
/// <param name="Name">Its name, without a folder.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="WrittenTicks">When it was last written to; only tells whether to look closer.</param>
/// <param name="Inode">Which file it is; likewise.</param>
/// <param name="Hash">SHA-256 of all of it.</param>
internal sealed record PreparedFile(string Name, long Length, long WrittenTicks, long Inode, string Hash);

/// <summary>
/// The text in a prepared segment's folder (<see href="https://github.com/cleave-net/cleave/blob/main/docs/prepared.md">Prepared models</see>): what it is good for, its files, and the probe. Its last line is the hash of all lines before. Immutable.
/// </summary>
internal sealed record PreparedManifest
{
    public const string FileName = "manifest.txt";
    public const string GraphFile = "graph.onnx";
    public const string WeightsFile = "weights.bin";

    private const string FirstLine = "cleave-prepared";
    private const long Version = 1;

    private static ReadOnlySpan<byte> LastLine => "end "u8;

    public required PreparedTarget Target { get; init; }

    /// <summary>Why this segment cannot be prepared; null where it is.</summary>
    public string? NotPreparable { get; init; }

    /// <summary>The model's own files, whose weights it has, and after them those of other copies of it, in the same order; none for a model in memory.</summary>
    public IReadOnlyList<PreparedFile> Sources { get; init; } = [];

    /// <summary>The hash of all of them, or of the model in memory.</summary>
    public string SourceHash { get; init; } = "";

    /// <summary>The optimised graph and the weights.</summary>
    public IReadOnlyList<PreparedFile> Files { get; init; } = [];

    /// <summary>Where tensors and packed weights lie in the file of weights.</summary>
    public IReadOnlyList<ByteRange> Regions { get; init; } = [];

    /// <summary>The digest of their edges.</summary>
    public string Edges { get; init; } = "";

    /// <summary>How many weights were damaged to see whether the probe notices, and how many it did.</summary>
    public (int Damaged, int Noticed) Damage { get; init; }

    public Probe Probe { get; init; } = new([]);

    /// <summary>What the probe gives, by the number of threads.</summary>
    public IReadOnlyDictionary<int, string> Expected { get; init; } = new Dictionary<int, string>();

    public PreparedFile? File(string name) => Files.FirstOrDefault(f => f.Name == name);

    /// <exception cref="ListingException">It is damaged.</exception>
    /// <exception cref="IOException">It is of another version.</exception>
    public static PreparedManifest Read(byte[] bytes)
    {
        int end = bytes.AsSpan().LastIndexOf(LastLine);
        if (end < 0 || Encoding.UTF8.GetString(bytes, end + LastLine.Length, bytes.Length - end - LastLine.Length) != Hashes.Of(bytes[..end]) + "\n")
            throw new ListingException(1, "its hash is not that of its text");
        return ManifestReader.Read(new ListingScanner(Encoding.UTF8.GetString(bytes, 0, end)), FirstLine, Version);
    }

    public byte[] Write()
    {
        using MemoryStream bytes = new();
        using (ListingText text = new(bytes))
            WriteLines(text);
        byte[] lines = bytes.ToArray();
        return [.. lines, .. LastLine, .. Encoding.UTF8.GetBytes(Hashes.Of(lines) + "\n")];
    }

    private void WriteLines(ListingText text)
    {
        text.Line(FirstLine).Number(Version).End();
        text.Line("model").Text(Target.Model).Text(Target.Segment).End();
        text.Line("graph").Text(Target.Graph).End();
        text.Line("part").Text(Target.Part).End();
        text.Line("weights").Text(Target.Weights).End();
        text.Line("onnxruntime").Text(Target.OnnxRuntime).Text(Target.Library).End();
        text.Line("processor").Text(Target.Processor).End();
        text.Line("configuration").Text(Target.Configuration).End();
        if (NotPreparable is { } why)
        {
            text.Line("not-preparable").Text(why).End();
            return;
        }
        foreach (PreparedFile source in Sources)
            WriteFile(text, "source", source);
        text.Line("sources").Text(SourceHash).End();
        foreach (PreparedFile file in Files)
            WriteFile(text, "file", file);
        text.Line("regions").Numbers([.. Regions.SelectMany(static r => new[] { r.Offset, r.Length })]).Text(Edges).End();
        text.Line("damage").Number(Damage.Damaged).Number(Damage.Noticed).End();
        foreach (ProbeInput input in Probe.Inputs)
        {
            text.Line("input").Text(input.Name).Word(input.Type.Word()).Numbers([.. input.Shape.Select(static d => (long)d)]).Numbers(input.Integers ?? [])
                .Number(input.Integers is null ? 0 : 1).End();
        }
        foreach ((int threads, string output) in Expected.OrderBy(static e => e.Key))
            text.Line("output").Number(threads).Text(output).End();
    }

    private static void WriteFile(ListingText text, string keyword, PreparedFile file) =>
        text.Line(keyword).Text(file.Name).Number(file.Length).Number(file.WrittenTicks).Number(file.Inode).Text(file.Hash).End();
}
