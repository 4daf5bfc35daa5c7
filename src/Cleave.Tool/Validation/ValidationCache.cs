using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Tool.Golden;
using Cleave.Tool.Running;

namespace Cleave.Tool.Validation;

/// <summary>
/// Which models passed before: by the content of every file that a validation reads, the item's options, this program
/// and the native library. A model that failed is validated again.
/// </summary>
internal sealed class ValidationCache(string folder, string? onnxRuntime)
{
    public bool Has(string key) => File.Exists(PathOf(key));

    /// <summary>Remembers it; null, or why it is not remembered, which is no fault of the model's.</summary>
    public string? Keep(string key, string model)
    {
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(PathOf(key), model + "\n");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <param name="file">The model.</param>
    /// <param name="options">What its item says.</param>
    /// <param name="from">The model of floats that it was made of, absolute; empty: none.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public string KeyOf(string file, ListingOptions options, string from, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using MemoryStream text = new();
        ListingWriter.Write(new ModelListing { Options = options }, text);
        hash.AppendData(text.ToArray());
        Add(hash, typeof(ValidationCache).Assembly.ManifestModule.ModuleVersionId.ToString());
        if (onnxRuntime != null)
            Add(hash, onnxRuntime + " " + new FileInfo(onnxRuntime).Length + " " + File.GetLastWriteTimeUtc(onnxRuntime).Ticks);
        foreach (string read in Read(file, options, from, cancellationToken))
        {
            Add(hash, Path.GetRelativePath(Path.GetDirectoryName(file)!, read));
            using FileStream stream = File.OpenRead(read);
            hash.AppendData(SHA256.HashData(stream));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<string> Read(string file, ListingOptions options, string from, CancellationToken cancellationToken)
    {
        IEnumerable<string> recorded = GoldenSets.Of(file).SelectMany(Directory.GetFiles), read = WithWeights(file, options, cancellationToken).Concat(recorded);
        if (from.Length > 0)
        {
            read = read.Concat(WithWeights(from, options, cancellationToken))
                .Concat(RecordedFolders.Of(file, from).SelectMany(Below));
        }
        return read.Where(File.Exists).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    // As they are read: without what a runner is recording at this moment.
    private static IEnumerable<string> Below(string folder) =>
        Directory.GetFiles(folder).Concat(Directory.GetDirectories(folder).Where(static f => !InputFolders.IsHidden(f)).SelectMany(Below));

    private static IEnumerable<string> WithWeights(string file, ListingOptions options, CancellationToken cancellationToken) =>
        [file, .. ModelLister.List(file, options, cancellationToken).ExternalFiles.Select(e => Path.Combine(Path.GetDirectoryName(file)!, e))];

    private static void Add(IncrementalHash hash, string text)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        hash.AppendData([0]);
    }

    private string PathOf(string key) => Path.Combine(folder, key + ".passed");
}
