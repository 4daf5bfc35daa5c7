using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Listing;

/// <summary>The files that a model consists of: its own, and those beside it that hold weights.</summary>
/// <param name="path">The model's own.</param>
/// <param name="external">The others, as the model names them; sorted.</param>
internal sealed class ModelFiles(string path, IReadOnlyList<string> external)
{
    /// <exception cref="Diagnostics.ModelException">It is no model.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ModelFiles Of(string path) => Of(path, ModelReader.ReadFile(path));

    /// <param name="path">The model's own file.</param>
    /// <param name="model">What it holds.</param>
    public static ModelFiles Of(string path, OnnxModel model) => new(path, new ExternalFiles(path).Find(model));

    /// <summary>Their paths, the model's own first.</summary>
    public IEnumerable<string> Paths => external.Select(name => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "", name)).Prepend(path);

    /// <summary>What they have together; a file that is not there has none.</summary>
    public long Bytes => Paths.Sum(static p => LinkedFile.Find(p)?.Length ?? 0);

    /// <summary>
    /// Tells one model from another, weights included: the SHA-256 of its file where it stands alone, as any tool prints it; else that of the lines "digest" and "digest path" of its files.
    /// </summary>
    /// <exception cref="IOException">One cannot be read.</exception>
    public string Digest()
    {
        string own = OfFile(path);
        if (external.Count == 0)
            return own;
        StringBuilder lines = new StringBuilder().Append(own).Append('\n');
        foreach ((string name, string file) in external.Zip(Paths.Skip(1), static (name, file) => (name, file)))
            lines.Append(OfFile(file)).Append(' ').Append(name).Append('\n');
        using SHA256 sha = SHA256.Create();
        return Text(sha.ComputeHash(Encoding.UTF8.GetBytes(lines.ToString())));
    }

    private static string OfFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        using SHA256 sha = SHA256.Create();
        return Text(sha.ComputeHash(file));
    }

    private static string Text(byte[] digest) => string.Concat(digest.Select(static b => b.ToString("x2", CultureInfo.InvariantCulture)));
}
