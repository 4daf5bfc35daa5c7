using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Cleave.Cores;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Prepared;

/// <summary>Which build of ONNX Runtime the process has loaded: two of one version may pack weights differently.</summary>
internal static class NativeIdentity
{
    // Headers are at a library's begin, the table of its sections at its end: they differ between builds. All of it would take longer than opening a small model.
    private const int Edge = 1 << 16;

    private static readonly Lazy<string?> Known = new(() => Read(ProcessFiles.System));

    /// <summary>The library's file name, length and a digest of its edges; null where it is not found.</summary>
    public static string? Of()
    {
        // Loads it.
        OrtEnv.Instance();
        return Known.Value;
    }

    public static string? Read(ProcessFiles files) => PathOf(files) is { } path && File.Exists(path) ? Describe(path) : null;

    /// <summary>The path of the loaded library; null where the system does not tell.</summary>
    public static string? PathOf(ProcessFiles files) => Paths(files).FirstOrDefault(IsOnnxRuntime);

    public static string Describe(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] edge = new byte[(int)Math.Min(Edge, file.Length)];
        file.ReadExactly(edge);
        hash.AppendData(edge);
        file.Seek(-edge.Length, SeekOrigin.End);
        file.ReadExactly(edge);
        hash.AppendData(edge);
        return string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)} {file.Length} {Hashes.Text(hash.GetHashAndReset())[..32]}");
    }

    private static bool IsOnnxRuntime(string path) =>
        Path.GetFileName(path) is var name && (name.StartsWith("libonnxruntime.", StringComparison.Ordinal) || name.Equals("onnxruntime.dll", StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<string> Paths(ProcessFiles files)
    {
        // Where there is such a file, it is read in a part of the time that .NET takes to list the modules.
        if (files.ReadLines("/proc/self/maps") is { Length: > 0 } lines)
            return lines.Select(static l => l.IndexOf('/') is >= 0 and int at ? l[at..] : "").Distinct();
        using Process self = Process.GetCurrentProcess();
        return [.. self.Modules.Cast<ProcessModule>().Select(static m => m.FileName)];
    }
}
