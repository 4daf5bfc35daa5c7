using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Releases;

namespace Cleave.Generator.Pipeline;

/// <summary>What is said once for the project of its ONNX Runtime, at the first of its models: that it is too old, or newer than the table.</summary>
internal static class ReleaseNote
{
    public static IEnumerable<ReportedProblem> Of(ImmutableArray<ClassName> models, string version)
    {
        ClassName? first = models.OrderBy(m => m.Source, StringComparer.Ordinal).FirstOrDefault();
        if (first is null || version.Length == 0 || OnnxRuntimeRelease.Of(version) is not null)
            yield break;
        Problem problem = OnnxRuntimeRelease.IsTooOld(version)
            ? new Problem(Rules.ReleaseTooOld, version, OnnxRuntimeRelease.Lowest.Number)
            : new Problem(Rules.ReleaseUnknown, version, OnnxRuntimeRelease.Known);
        yield return ReportedProblem.Of(problem, first.Source, first.Place);
    }
}
