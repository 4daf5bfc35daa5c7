using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.TestKit;

namespace Cleave.Core.Tests;

/// <summary>Every model at hand: the shared ones, and the ONNX project's node models where Debian's package holds them.</summary>
internal static class Models
{
    public const string NodeModelsFolder = "/usr/share/libonnx-testdata/data";

    public const string WhyNoNodeModels = "skipped: Debian's package libonnx-testdata is not installed";

    public static IReadOnlyList<string> NodeModels { get; } = Directory.Exists(NodeModelsFolder)
        ? [.. Directory.EnumerateFiles(NodeModelsFolder, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Names of the shared models, or one placeholder that makes a theory skip.</summary>
    public static IEnumerable<object[]> Shared() =>
        SharedModels.Exist ? SharedModels.All.Select(m => new object[] { m }) : [["(none)"]];
}
