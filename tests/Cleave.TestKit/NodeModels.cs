using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.TestKit;

/// <summary>The ONNX project's models of one node each, about a thousand, where Debian's package holds them.</summary>
public static class NodeModels
{
    public const string Folder = "/usr/share/libonnx-testdata/data";

    public const string WhySkipped = "skipped: Debian's package libonnx-testdata is not installed";

    /// <summary>Paths, sorted; empty where the package is not installed.</summary>
    public static IReadOnlyList<string> All { get; } = Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];
}
