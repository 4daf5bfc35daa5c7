using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Sources;

namespace Cleave.Prepared;

/// <summary>
/// A prepared segment that was found and fits: its graph in memory, the file of its weights held open. Everything that can be known without ONNX Runtime was checked: a
/// packing that does not fit lets it read anywhere. Thread-safe.
/// </summary>
internal sealed class PreparedEntry : IDisposable
{
    /// <summary>The file that marks an entry which must not be used again.</summary>
    public const string FailedFile = "failed.txt";

    private const long LongestManifest = 16 << 20;
    // The weights lie outside; ONNX Runtime cannot read a larger one.
    private const long LongestGraph = int.MaxValue / 2;

    private readonly ByteSource _weights;
    private readonly FileIdentity _identity;
    private readonly object _closing = new();
    private bool _isClosed;

    private PreparedEntry(string folder, PreparedManifest manifest, byte[] graph, ByteSource weights)
    {
        Folder = folder;
        Manifest = manifest;
        Graph = graph;
        _weights = weights;
        _identity = FileIdentity.Of(weights.Handle!);
    }

    /// <summary>Where its files lie.</summary>
    public string Folder { get; }

    /// <summary>The folder of all entries.</summary>
    public required string Within { get; init; }

    public PreparedManifest Manifest { get; }

    /// <summary>What the manifest should say, where other times or inodes had all bytes hashed, and they were right; null where nothing had to be hashed.</summary>
    public PreparedManifest? Renewed { get; private init; }

    /// <summary>Why nothing can be added to what it says; null where that goes.</summary>
    public string? WhyNotExtendable =>
        FolderTrust.CanWrite(Folder) && FolderTrust.CanWrite(Within) ? null : Folder + " says nothing of the numbers of threads that are used here, and cannot be written to";

    /// <summary>The optimised graph.</summary>
    public byte[] Graph { get; }

    /// <summary>The bytes of its weights, which all sessions on the machine share.</summary>
    public long WeightBytes => _identity.Length;

    /// <summary>Whether a session has mapped them.</summary>
    public bool IsMapped { get; set; }

    private string WeightsPath => Path.Combine(Folder, PreparedManifest.WeightsFile);

    /// <summary>Opens the entry of a target; null where there is none that may be used.</summary>
    /// <param name="folder">The folder of all entries.</param>
    /// <param name="target">What it must be good for.</param>
    /// <param name="weights">The weights that it must have.</param>
    /// <param name="trust">Who may have written it.</param>
    /// <param name="why">Why none is used.</param>
    public static PreparedEntry? Open(string folder, PreparedTarget target, ModelWeights weights, FolderTrust trust, out string why)
    {
        string path = Path.Combine(folder, target.FolderName);
        try
        {
            if (!Directory.Exists(path))
            {
                why = WhyNone(folder, target, trust);
                return null;
            }
            why = trust.WhyNot(folder) ?? trust.WhyNot(path) ?? "";
            if (why.Length > 0)
                return null;
            if (File.Exists(Path.Combine(path, FailedFile)))
            {
                why = path + " was marked: " + File.ReadLines(Path.Combine(path, FailedFile)).FirstOrDefault();
                return null;
            }
            PreparedManifest manifest = ReadManifest(path, trust);
            why = (target with { Model = manifest.Target.Model, Segment = manifest.Target.Segment }).Difference(manifest.Target) ?? manifest.NotPreparable ?? "";
            return why.Length > 0 ? null : OpenFiles(folder, path, manifest, weights, trust);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message;
        }
        catch (ListingException e)
        {
            why = Path.Combine(path, PreparedManifest.FileName) + " is damaged: " + e.Message;
        }
        catch (ModelException e)
        {
            why = e.Problem.Message(Path.Combine(path, PreparedManifest.WeightsFile));
        }
        return null;
    }

    /// <summary>Why it was found before that a target cannot be prepared; null where it was not.</summary>
    public static string? WhyNotPreparable(string folder, PreparedTarget target, FolderTrust trust)
    {
        string path = Path.Combine(folder, target.FolderName);
        try
        {
            return Directory.Exists(path) && !File.Exists(Path.Combine(path, FailedFile)) ? ReadManifest(path, trust).NotPreparable : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ListingException)
        {
            // Damaged: it is made anew.
            return null;
        }
    }

    /// <exception cref="IOException">It cannot be read, or is not to be trusted.</exception>
    /// <exception cref="ListingException">It is damaged.</exception>
    public static PreparedManifest ReadManifest(string path, FolderTrust trust)
    {
        string file = Path.Combine(path, PreparedManifest.FileName);
        if (trust.WhyNot(file) is { } why)
            throw new IOException(why);
        if (new FileInfo(file).Length > LongestManifest)
            throw new IOException(file + " is too long");
        return PreparedManifest.Read(File.ReadAllBytes(file));
    }

    /// <summary>Whether every byte of its files is what the manifest says; what is not, for a message.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static string? Damage(string path, PreparedManifest manifest)
    {
        foreach (PreparedFile file in manifest.Files)
        {
            string lies = Path.Combine(path, file.Name);
            if (!File.Exists(lies))
                return file.Name + " is missing";
            using ByteSource source = OpenFile(lies);
            if (source.Length != file.Length)
                return file.Name + " has another length";
            if (Hashes.Of(source) != file.Hash)
                return file.Name + " was changed";
        }
        return null;
    }

    // A file of the entry: what cannot be read is not the user's model.
    private static ByteSource OpenFile(string path)
    {
        try
        {
            return ByteSource.OpenFile(path);
        }
        catch (ModelException e)
        {
            throw new IOException(path + " cannot be read", e);
        }
    }

    /// <summary>Why no session may be made from it any more; null where nothing changed. ONNX Runtime opens the weights by their path, so that must still lead to the file that is held.</summary>
    public string? WhatChanged()
    {
        lock (_closing)
            return _isClosed ? "it was refused meanwhile" : _identity.Difference(FileIdentity.Of(_weights.Handle!)) ?? _identity.Difference(FileIdentity.Of(WeightsPath));
    }

    /// <summary>Marks it, so that no process uses it again. False where the folder cannot be written to, or another entry lies there now, of which nothing is known.</summary>
    public bool TryMark(string why)
    {
        if (FileIdentity.Of(WeightsPath) is not { } now || now.Device != _identity.Device || now.Inode != _identity.Inode)
            return false;
        try
        {
            File.WriteAllText(Path.Combine(Folder, FailedFile), why.ReplaceLineEndings(" ") + "\n");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Closes its file, which keeps the folder from being replaced on Windows. No session is made from it any more.</summary>
    public void Dispose()
    {
        lock (_closing)
        {
            _isClosed = true;
            _weights.Dispose();
        }
    }

    private static PreparedEntry OpenFiles(string folder, string path, PreparedManifest manifest, ModelWeights weights, FolderTrust trust)
    {
        if (manifest.Files.Count != 2 || manifest.File(PreparedManifest.GraphFile) is not { } graph || manifest.File(PreparedManifest.WeightsFile) is not { } data)
            throw new IOException("the manifest in " + path + " does not name a graph and weights");
        foreach (PreparedFile file in manifest.Files)
        {
            if (trust.WhyNot(Path.Combine(path, file.Name)) is { } why)
                throw new IOException(why);
        }
        IReadOnlyList<PreparedFile>? sources = CheckWeights(manifest, weights, path);
        byte[] bytes = ReadGraph(Path.Combine(path, graph.Name), graph);
        ByteSource source = OpenFile(Path.Combine(path, data.Name));
        try
        {
            PreparedFile? moved = CheckData(source, data, manifest, path);
            PreparedManifest? renewed = sources is null && moved is null
                ? null
                : manifest with { Sources = sources ?? [], Files = [.. manifest.Files.Select(f => f == data ? moved ?? f : f)] };
            return new PreparedEntry(path, manifest, bytes, source) { Within = folder, Renewed = renewed };
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    // The model's files as they are now, where all of their bytes were looked at. What the edges say was compared with the target. Where the model's file is not the one that was prepared, and whoever runs this could have made the folder say anything, all bytes count.
    private static IReadOnlyList<PreparedFile>? CheckWeights(PreparedManifest manifest, ModelWeights weights, string path)
    {
        IReadOnlyList<PreparedFile> now = weights.Files();
        if (now.Count > 0 && manifest.Sources.Chunk(now.Count).Any(copy => now.Select(static f => (f.Name, f.Length)).SequenceEqual(copy.Select(static f => (f.Name, f.Length)))
            && (now.SequenceEqual(copy) || !FolderTrust.CanWrite(path))))
        {
            return null;
        }
        if (weights.Hash != manifest.SourceHash)
            throw new IOException(path + " was prepared for other weights");
        return now.Count > 0 && FolderTrust.CanWrite(path) ? weights.HashedFiles : null;
    }

    private static byte[] ReadGraph(string path, PreparedFile expected)
    {
        if (expected.Length > LongestGraph || new FileInfo(path).Length != expected.Length)
            throw new IOException(path + " has another length than when it was prepared");
        byte[] bytes = File.ReadAllBytes(path);
        return Hashes.Of(bytes) == expected.Hash ? bytes : throw new IOException(path + " was changed after it was prepared");
    }

    // The file as it is now, where all of its bytes were looked at.
    private static PreparedFile? CheckData(ByteSource source, PreparedFile expected, PreparedManifest manifest, string path)
    {
        // Before its bytes are read: what is written while they are shows in a later look.
        FileIdentity now = FileIdentity.Of(source.Handle!);
        if (source.Length != expected.Length)
            throw new IOException(expected.Name + " in " + path + " has another length than when it was prepared");
        using IncrementalHash edges = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Hashes.AppendEdges(edges, source, manifest.Regions);
        bool hashes = FolderTrust.CanWrite(path) && (now.WrittenTicks != expected.WrittenTicks || unchecked((long)now.Inode) != expected.Inode);
        if (Hashes.Text(edges.GetHashAndReset()) != manifest.Edges || (hashes && Hashes.Of(source) != expected.Hash))
            throw new IOException(expected.Name + " in " + path + " was changed after it was prepared");
        return hashes ? expected with { WrittenTicks = now.WrittenTicks, Inode = unchecked((long)now.Inode) } : null;
    }

    // One that was prepared for something else says so: what is wrong with a folder must not be a riddle.
    private static string WhyNone(string folder, PreparedTarget target, FolderTrust trust)
    {
        if (!Directory.Exists(folder))
            return folder + " does not exist";
        foreach (string path in Directory.EnumerateDirectories(folder, PreparedTarget.Prefix(target.Graph) + "*").Order(StringComparer.Ordinal))
        {
            try
            {
                PreparedTarget other = ReadManifest(path, trust).Target;
                if (target.IsSamePart(other) && target.Difference(other) is { } difference)
                    return folder + " has no entry for it: " + difference;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ListingException)
            {
                // Another entry, and no reason of this one's.
            }
        }
        return folder + " has no entry for it";
    }
}
