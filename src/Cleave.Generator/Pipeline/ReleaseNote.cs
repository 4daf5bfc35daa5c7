using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Releases;

namespace Cleave.Generator.Pipeline;

/// <summary>One note for the project where its ONNX Runtime is none that the table knows, at the first of its models.</summary>
internal static class ReleaseNote
{
    public static IEnumerable<ReportedProblem> Of(ImmutableArray<ClassName> models, string version)
    {
        ClassName? first = models.OrderBy(m => m.Source, StringComparer.Ordinal).FirstOrDefault();
        if (first is not null && version.Length > 0 && OnnxRuntimeRelease.Of(version) is null)
            yield return ReportedProblem.Of(new Problem(Rules.ReleaseUnknown, version, OnnxRuntimeRelease.Known), first.Source, first.Place);
    }
}
