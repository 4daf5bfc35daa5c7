using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Precision;

/// <summary>The error that the command states against the one on inputs that it never saw, of the same kind.</summary>
internal static class UnseenInputs
{
    private const double Most = 1.3;
    private const int Count = 16;
    private const ulong FirstSeed = 1000;

    public static Line Measure(CatalogModel model, string dims, PrecisionCase made)
    {
        using ModelUnderTest floats = new(made.Floats);
        InputMaker maker = new(floats.Graph, PrecisionCase.Fills(model));
        IReadOnlyList<InputCase> inputs = dims.Length == 0
            ? InputFolders.Read([PrecisionCase.Pictures("unseen", Count, seed: 4)], maker.Inputs)
            : [.. Enumerable.Range(0, Count).Select(i => maker.Make(DimensionSample.Parse(dims), FirstSeed + (ulong)i))];
        StatedError unseen = new ModelTrials(floats, inputs, default).Run(ModelMessage.Read(made.Bytes)).Error, stated = made.Report.HeldOut;
        return Line.Of($"error on {Count} inputs that the command never saw over the one that it states: {model.Name} {dims}", string.Create(CultureInfo.InvariantCulture, $"<= {Most}x"),
            string.Create(CultureInfo.InvariantCulture, $"{unseen.Worst / stated.Worst:0.00}x ({unseen.Worst:0.####} and {stated.Worst:0.####})"), unseen.Worst <= Most * stated.Worst, new { unseen, made.Report });
    }
}
