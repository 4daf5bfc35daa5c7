using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Prepared.Making;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Which models can be prepared: each was opened again and gave, bit for bit, what the plain session gives. The others say why not.</summary>
internal sealed class PreparableModels : IFamily
{
    private const int AtLeast = 14;

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        int prepared = 0, missed = 0;
        List<object> all = [];
        foreach (CatalogModel model in ModelCatalog.All.Where(m => options.Has(m.Name) && (!options.Quick || !m.IsBig)))
        {
            IReadOnlyList<PreparedSegment> segments = PreparedCase.Make(model).Segments;
            all.Add(new { model.Name, segments });
            if (PreparedCase.WhyNot(segments) is not { } why)
            {
                prepared++;
                continue;
            }
            bool expected = model.HasControlFlow || model.HasConstantWeights || why == SegmentPreparer.NoWeights;
            missed += expected ? 0 : 1;
            yield return Line.Shown($"not prepared: {model.Name}", why, segments);
        }
        yield return Line.Of(
            "models prepared, all segments bit-identical; left out: with If or Loop, without weights of a kilobyte, and the light models whose weights are placeholders",
            string.Create(CultureInfo.InvariantCulture, $"all, at least {AtLeast}"),
            string.Create(CultureInfo.InvariantCulture, $"{prepared}; {missed} others refused"), missed == 0 && prepared >= AtLeast, all);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
