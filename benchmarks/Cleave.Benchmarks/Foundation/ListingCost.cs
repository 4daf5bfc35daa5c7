using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Foundation;

/// <summary>Listing a model of 300 initializers and 900 nodes, with 400 MB of weights and with 4 MB.</summary>
internal sealed class ListingCost : IFamily
{
    private const string What = "listing a model with 400 MB of weights, warm";
    private const string PeakWhat = "its peak memory over that of 4 MB of weights";
    private const double MegaByte = 1e6;

    // The same graph; only the weights differ.
    private const int Layers = 300;
    private const int WideFor400 = 577;
    private const int WideFor4 = 58;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string large = SyntheticModels.Layers(Layers, WideFor400);
        string small = SyntheticModels.Layers(Layers, WideFor4);

        Samples samples = Interleaved.Measure([new("list", "list", large)], options.Settings);
        double milliseconds = samples.Median("list") / 1e6;
        double megaBytes = samples.BytesPerRun("list") / MegaByte;
        yield return Line.Of(What, "<= 15 ms, < 1 MB allocated", $"{milliseconds:0.0} ms, {megaBytes:0.00} MB", milliseconds <= 15 && megaBytes < 1, samples);

        double[] peaksOfLarge = Peaks(large, options.Rounds(5));
        double[] peaksOfSmall = Peaks(small, options.Rounds(5));
        double grown = Statistics.Median(peaksOfLarge) - Statistics.Median(peaksOfSmall);
        yield return Line.Of(
            PeakWhat, "<= 4 MB (noise)", $"{grown:+0.0;-0.0;0.0} MB ({Statistics.Median(peaksOfLarge):0.0} MB in all)", grown <= 4,
            new { Large = peaksOfLarge, Small = peaksOfSmall });
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) =>
        name == "list" ? new Repeated(() => List(arguments[0]), group: 1, Stream.Null) : null;

    // What the build task does with a changed model.
    private static void List(string path)
    {
        ModelListing listing = ModelLister.List(path, new ListingOptions { Source = "layers.onnx" }, CancellationToken.None);
        if (listing.Problems.Count > 0)
            throw new InvalidDataException(listing.Problems[0].ToString());
        ListingWriter.Write(listing, Stream.Null);
    }

    private static double[] Peaks(string path, int rounds) =>
    [
        .. Enumerable.Range(0, rounds).Select(_ =>
        {
            using WorkerProcess worker = new(Interleaved.Host, "list", path);
            worker.Block(1);
            return worker.PeakMemory() / MegaByte;
        }),
    ];
}
