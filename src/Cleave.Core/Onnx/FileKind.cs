using System;
using System.Text;
using Cleave.Core.Diagnostics;

namespace Cleave.Core.Onnx;

/// <summary>Tells what a file is that is not an ONNX model, by its first bytes.</summary>
internal static class FileKind
{
    private const int HeadLength = 264;

    private static readonly (int At, string Start, string Kind)[] Known =
    [
        (0, "\u0089PNG", "a PNG image"),
        (0, "\u00FF\u00D8\u00FF", "a JPEG image"),
        (0, "GIF8", "a GIF image"),
        (0, "PK\u0003\u0004", "a zip archive (a PyTorch checkpoint or a packed model, perhaps)"),
        (0, "\u001F\u008B", "a gzip archive"),
        (0, "7z\u00BC\u00AF", "a 7-Zip archive"),
        (0, "BZh", "a bzip2 archive"),
        (0, "\u00FD7zXZ", "an xz archive"),
        (0, "\u0028\u00B5\u002F\u00FD", "a Zstandard archive"),
        (257, "ustar", "a tar archive"),
        (0, "%PDF", "a PDF document"),
        (0, "\u0089HDF", "an HDF5 file (a Keras model, perhaps)"),
        (0, "GGUF", "a GGUF model"),
        (0, "\u007FELF", "an executable"),
        (0, "MZ", "an executable"),
        (4, "TFL3", "a TensorFlow Lite model"),
        (4, "ORTM", "a model in ONNX Runtime's own format"),
        (0, "\u0080\u0002", "a Python pickle"),
    ];

    /// <summary>Refuses an empty file and a Git LFS pointer, which need no reader.</summary>
    public static void RefuseWithoutReading(ByteSource source)
    {
        if (source.Length == 0)
            throw new ModelException(Rules.FileEmpty);
        if (Head(source).StartsWith("version https://git-lfs.github.com/", StringComparison.Ordinal))
            throw new ModelException(Rules.LfsPointer);
    }

    /// <summary>What to say of a file that cannot be read as a model.</summary>
    public static ModelException NotOnnx(ByteSource source, ModelException cause)
    {
        string? kind = Guess(Head(source));
        string why = kind != null ? "it looks like " + kind
            : cause.Problem.Rule == Rules.NotOnnx ? cause.Problem.Arguments[0]
            : "its bytes do not follow the format";
        return new ModelException(new Problem(Rules.NotOnnx, why), cause);
    }

    private static string? Guess(string head)
    {
        foreach ((int at, string start, string kind) in Known)
        {
            if (head.Length >= at + start.Length && string.CompareOrdinal(head, at, start, 0, start.Length) == 0)
                return kind;
        }
        string text = head.TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n');
        if (text.StartsWith("<", StringComparison.Ordinal))
            return "a web page or XML";
        if (text.StartsWith("{", StringComparison.Ordinal) || text.StartsWith("[", StringComparison.Ordinal))
            return "JSON";
        foreach (char c in head)
        {
            if (c < ' ' && c is not ('\t' or '\r' or '\n'))
                return null;
        }
        return "text";
    }

    // The first bytes, each as the character with its number.
    private static string Head(ByteSource source)
    {
        byte[] bytes = new byte[(int)Math.Min(HeadLength, source.Length)];
        source.ReadAll(0, bytes, 0, bytes.Length);
        StringBuilder head = new(bytes.Length);
        foreach (byte b in bytes)
            head.Append((char)b);
        return head.ToString();
    }
}
