using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Sources;

namespace Cleave.Prepared;

/// <summary>Tells a model's weights from others of the same graph: by their edges quickly, and by all of their bytes. Thread-safe.</summary>
internal sealed class ModelWeights
{
    private readonly OpenedModel _model;
    private readonly Lazy<string> _edges;
    private readonly Lazy<(string Hash, IReadOnlyList<PreparedFile> Files)> _all;

    public ModelWeights(OpenedModel model)
    {
        _model = model;
        _edges = new Lazy<string>(ReadEdges);
        _all = new Lazy<(string, IReadOnlyList<PreparedFile>)>(ReadAll);
    }

    /// <summary>A digest of the lengths and of the first and last 64 bytes of every tensor, and of all weights that stand in attributes as numbers or texts.</summary>
    public string Edges => _edges.Value;

    /// <summary>The hash of every byte of the model's files.</summary>
    public string Hash => _all.Value.Hash;

    /// <summary>The files as they were before all their bytes were hashed.</summary>
    public IReadOnlyList<PreparedFile> HashedFiles => _all.Value.Files;

    /// <summary>The files as they are.</summary>
    public IReadOnlyList<PreparedFile> Files() => [.. Paths().Select(path => Describe(path, ""))];

    /// <summary>What a manifest says of a file that lies there.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static PreparedFile Describe(string path, string hash)
    {
        FileIdentity identity = FileIdentity.Of(path) ?? throw new FileNotFoundException(null, path);
        return new PreparedFile(Path.GetFileName(path), identity.Length, identity.WrittenTicks, unchecked((long)identity.Inode), hash);
    }

    private IEnumerable<string> Paths() => _model.Path is { } path ? [path, .. _model.ExternalFiles] : [];

    private string ReadEdges()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<ByteRange> inside = [];
        Dictionary<string, List<ByteRange>> outside = new(StringComparer.Ordinal);
        TensorWalk.Visit(_model.Model, tensor =>
        {
            if (tensor.External is { } external)
            {
                string file = ExternalLocation.Below(external.Location)!;
                if (!outside.TryGetValue(file, out List<ByteRange>? ranges))
                    outside.Add(file, ranges = []);
                ranges.Add(new ByteRange(external.Offset, external.Length ?? tensor.ByteSize));
            }
            else
            {
                inside.Add(tensor.Storage == Storage.Plain ? tensor.Data : tensor.Message);
            }
        });
        Hashes.AppendEdges(hash, _model.Bytes, inside.Where(static r => r.Exists));
        AttributeWeights.Append(hash, _model.Model);
        foreach ((string file, List<ByteRange> ranges) in outside.OrderBy(static f => f.Key, StringComparer.Ordinal))
        {
            using ByteSource source = ByteSource.OpenFile(Path.Combine(Path.GetDirectoryName(_model.Path)!, file));
            Hashes.AppendEdges(hash, source, ranges);
        }
        return Hashes.Text(hash.GetHashAndReset());
    }

    private (string Hash, IReadOnlyList<PreparedFile> Files) ReadAll()
    {
        // First: what is written while they are read shows in a later look.
        IReadOnlyList<PreparedFile> files = Files();
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Hashes.Append(hash, _model.Bytes);
        foreach (string path in Paths().Skip(1))
        {
            using ByteSource source = ByteSource.OpenFile(path);
            Hashes.Append(hash, source);
        }
        return (Hashes.Text(hash.GetHashAndReset()), files);
    }
}
