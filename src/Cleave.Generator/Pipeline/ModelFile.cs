using System;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Cleave.Generator.Pipeline;

/// <summary>
/// A file that the build handed over: a listing with its text (null where the compiler could not read it),
/// or a model itself, which only happens without the build's targets.
/// </summary>
internal sealed record ModelFile(string Path, bool IsListing, string? Text)
{
    // A listing is known by metadata, not by its first line: looking into another generator's .graph file,
    // which may be binary, would make the compiler report it.
    private const string Mark = "build_metadata.AdditionalFiles.CleaveListing";

    /// <summary>The file, or null where it is somebody else's.</summary>
    public static ModelFile? Read(AdditionalText file, AnalyzerConfigOptionsProvider options, CancellationToken cancellation)
    {
        if (file.Path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase))
            return new ModelFile(file.Path, IsListing: false, Text: null);
        return file.Path.EndsWith(".graph", StringComparison.OrdinalIgnoreCase) && IsMarked(file, options)
            ? new ModelFile(file.Path, IsListing: true, file.GetText(cancellation)?.ToString())
            : null;
    }

    /// <summary>Whether the build of Cleave made the file.</summary>
    public static bool IsMarked(AdditionalText file, AnalyzerConfigOptionsProvider options) =>
        options.GetOptions(file).TryGetValue(Mark, out string? mark) && mark.Equals("true", StringComparison.OrdinalIgnoreCase);
}
