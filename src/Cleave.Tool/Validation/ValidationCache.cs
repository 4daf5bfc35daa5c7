using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Tool.Golden;

namespace Cleave.Tool.Validation;

/// <summary>
/// Which models passed before: by the content of every file that a validation reads, the item's options, this program
/// and the native library. A model that failed is validated again.
/// </summary>
internal sealed class ValidationCache(string folder, string? onnxRuntime)
{
    public bool Has(string key) => File.Exists(PathOf(key));

    public void Keep(string key, string model)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(PathOf(key), model + "\n");
    }

    public string KeyOf(string file, ListingOptions options, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using MemoryStream text = new();
        ListingWriter.Write(new ModelListing { Options = options }, text);
        hash.AppendData(text.ToArray());
        Add(hash, typeof(ValidationCache).Assembly.ManifestModule.ModuleVersionId.ToString());
        if (onnxRuntime != null)
            Add(hash, onnxRuntime + " " + new FileInfo(onnxRuntime).Length + " " + File.GetLastWriteTimeUtc(onnxRuntime).Ticks);
        foreach (string read in Read(file, options, cancellationToken))
        {
            Add(hash, Path.GetRelativePath(Path.GetDirectoryName(file)!, read));
            using FileStream stream = File.OpenRead(read);
            hash.AppendData(SHA256.HashData(stream));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<string> Read(string file, ListingOptions options, CancellationToken cancellationToken)
    {
        string directory = Path.GetDirectoryName(file)!;
        IReadOnlyList<string> external = ModelLister.List(file, options, cancellationToken).ExternalFiles;
        IEnumerable<string> recorded = GoldenSets.Of(file).SelectMany(Directory.GetFiles);
        return new[] { file }.Concat(external.Select(e => Path.Combine(directory, e))).Concat(recorded).Where(File.Exists).Order(StringComparer.Ordinal);
    }

    private static void Add(IncrementalHash hash, string text)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        hash.AppendData([0]);
    }

    private string PathOf(string key) => Path.Combine(folder, key + ".passed");
}
