using System;
using System.Threading;
using Cleave.Core.Listing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Cleave.Generator.Pipeline;

/// <summary>An ensemble's file that the build handed over, with its text (null where the compiler could not read it).</summary>
internal sealed record EnsembleFile(string Path, string? Text)
{
    /// <summary>The file, or null where it is somebody else's.</summary>
    public static EnsembleFile? Read(AdditionalText file, AnalyzerConfigOptionsProvider options, CancellationToken cancellation) =>
        file.Path.EndsWith(EnsembleText.Ending, StringComparison.OrdinalIgnoreCase) && ModelFile.IsMarked(file, options)
            ? new EnsembleFile(file.Path, file.GetText(cancellation)?.ToString())
            : null;
}
