using System;
using System.Linq;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Tests.Verification;

/// <summary>What the catalogue says of a model's inputs, as verify wants it.</summary>
internal static class CatalogOptions
{
    /// <summary>The sizes of the catalogue; ranges of one number are given, others are found from what reads the input.</summary>
    public static VerifyOptions For(CatalogModel catalog) => new()
    {
        Samples = [.. catalog.Samples.Select(s => new DimensionSample(s.Sizes))],
        Fills = catalog.Ranges.Where(r => r.Value.Low == r.Value.High).ToDictionary(r => r.Key, r => r.Value.Low, StringComparer.Ordinal),
    };
}
