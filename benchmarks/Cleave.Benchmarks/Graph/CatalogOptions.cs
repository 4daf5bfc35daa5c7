using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Benchmarks.Graph;

/// <summary>The models at hand, as verification wants them.</summary>
internal static class CatalogOptions
{
    /// <summary>All that are asked for; for a trial those that take little time.</summary>
    public static IEnumerable<CatalogModel> Models(BenchOptions options) =>
        ModelCatalog.All.Where(m => options.Has(m.Name) && (!options.Quick || (!m.IsBig && !m.HasConstantWeights)));

    public static int Partitions(BenchOptions options) => options.Quick ? 2 : 20;

    /// <summary>What was compared of one model, for who waits for all of them, or ends the run before.</summary>
    public static Line Verified(string what, CatalogModel model, VerifyReport report) => Line.Shown($"{what}: {model.Name}",
        string.Create(CultureInfo.InvariantCulture, $"{report.Partitions.Count} compared, {report.Segments} segments, {report.CutValues} cut values, {report.Failures.Count} {(report.Failures.Count == 1 ? "failure" : "failures")}"), report.Failures);

    /// <summary>The sizes of the catalogue; an input of one number is given, others are found from what reads it.</summary>
    public static VerifyOptions For(CatalogModel model) => new()
    {
        Samples = [.. model.Samples.Select(s => new DimensionSample(s.Sizes))],
        Fills = model.Ranges.Where(r => r.Value.Low == r.Value.High).ToDictionary(r => r.Key, r => r.Value.Low, StringComparer.Ordinal),
    };
}
