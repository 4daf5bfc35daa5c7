using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Generator.Model;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Google.Protobuf;

namespace Cleave.Benchmarks.Placement;

/// <summary>
/// Four LSTM layers as exported, which the runner's plan (<c>Plan="Split"</c>) takes apart into eight time chunks on two lanes of one thread, against ONNX Runtime. Measured, on the CPU.
/// </summary>
internal sealed class Wavefront : IFamily
{
    private const int Layers = 4;
    private const int Chunks = 8;
    private const string TwoThreads = "2 threads";

    private static readonly (int Width, double OneThread, double TwoThreads)[] Rows = [(128, 1.5, 1.2), (256, 1.7, 0.95)];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach ((int width, double one, double two) in Rows)
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"wavefront, {Layers}-layer LSTM of {width}, {RecurrentModels.Steps} steps, {Chunks} chunks, two lanes, against ");
            if (Contest.Cores < 2)
            {
                yield return Line.NotMeasured(what + "one thread", Target(one), "there is one core");
                continue;
            }
            string model = Write(width);
            PlanSpec plan = Planned(model);
            if (plan.Lanes.Count != 2 || RecurrentSplits.Read(plan.Recurrent).Any(s => s.Chunks != Chunks))
            {
                // The planner has changed: the target is not met by what it plans, whatever that takes.
                string other = $"the plan is another one: {plan.Lanes.Count} lanes, {plan.Recurrent}";
                yield return Line.Of(what + "one thread", Target(one), other, held: false, other);
                yield return Line.Of(what + "two intra-op threads", Target(two), other, held: false, other);
                continue;
            }
            // What is to lose nothing may lose once, by chance; a gain is measured once.
            double limit = two < 1 ? 1 / two : double.PositiveInfinity;
            (Samples samples, _, bool keeps) = Claims.NoLoss(() => Interleaved.Measure(Candidates(model), options.Settings), static s => s.Ratio(Contest.Ours, TwoThreads), limit);
            Interval toOne = samples.Ratio(Contest.OneThread, Contest.Ours), toTwo = samples.Ratio(TwoThreads, Contest.Ours);
            yield return Line.Of(what + "one thread", Target(one), Text(toOne, samples, Contest.OneThread), toOne.Gains(one), samples);
            yield return Line.Of(what + "two intra-op threads", Target(two), Text(toTwo, samples, TwoThreads), two < 1 ? keeps : toTwo.Gains(two), samples);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => Contest.CreateWorkload(name, arguments);

    private static IReadOnlyList<Candidate> Candidates(string model)
    {
        Cleave.Tool.Benching.BenchOptions inputs = new(new Dictionary<string, string>(), new Dictionary<string, string>(), Cleave.Tool.Benching.BenchOptions.DefaultThreads(2), Callers: [1], Rounds: null, Quick: false);
        IEnumerable<OrtConfiguration> sessions = OrtConfiguration.List(inputs.Threads, inputs.Callers);
        string listing = Listing(model);
        return
        [
            .. sessions.Where(c => c.Name is Contest.OneThread or TwoThreads).Select(c => BenchWorkloads.OfSession(c.Name, model, inputs, c)),
            BenchWorkloads.OfItem(Contest.Ours, model, listing, inputs),
            new(SplitByHand.Name, SplitByHand.OfItem, [listing, model, .. inputs.InputArguments]) { IsBound = true },
        ];
    }

    // As an exporter writes it: what takes it apart is the runner's plan.
    private static string Write(int width)
    {
        Directory.CreateDirectory(ModelCatalog.Folder);
        string path = Path.Combine(ModelCatalog.Folder, string.Create(CultureInfo.InvariantCulture, $"lstm_{Layers}x{width}_{RecurrentModels.Steps}.onnx"));
        File.WriteAllBytes(path, new RecurrentModels("LSTM", Layers, width, IsBoth: false).Build().ToByteArray());
        return path;
    }

    // What the generator plans for two cores.
    private static PlanSpec Planned(string path)
    {
        RunnerSpec spec = LooseDefinition.SpecOf(path, ModelReader.ReadFile(path), Options(path));
        string type = spec.Budgets.Last(b => b.Cores <= 2).Class;
        return spec.Plans.FirstOrDefault(p => p.Class == type) ?? throw new InvalidDataException("The model is planned whole.");
    }

    // With Auto, a model that is predicted to gain less than the margin stays whole.
    private static ListingOptions Options(string path) => new() { Source = Path.GetFileName(path), Plan = "Split" };

    private static string Listing(string path)
    {
        OnnxModel model = ModelReader.ReadFile(path);
        string listing = path + ".listing";
        using FileStream text = File.Create(listing);
        ListingWriter.Write(new ModelListing { Options = Options(path), Model = model, Hash = ListingWriter.Hash(model) }, text);
        return listing;
    }

    private static string Target(double gain) => string.Create(CultureInfo.InvariantCulture, $">= {gain}x as fast");

    private static string Text(Interval ratio, Samples samples, string other) => string.Create(CultureInfo.InvariantCulture,
        $"{ratio.AsRatio()} ({samples.Median(other) / 1e3:0.0} us with {other}, {samples.Median(Contest.Ours) / 1e3:0.0} us; the same lanes by hand {samples.Ratio(other, SplitByHand.Name).AsRatio()})");
}
