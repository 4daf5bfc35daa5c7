using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Lanes;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Generation;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Four independent inputs over the lanes of a forced split, interleaved, against the same inputs one by one. Nothing is asked of it.</summary>
internal sealed class Hyperclusters : IFamily
{
    private const int Batch = 4;
    private const string OneByOne = "Run, one by one";
    private const string InFlight = "RunAsync, all at once";
    private const string AsIs = "RunMany";
    private const string Plain = "RunMany, plain";
    private const string Switched = "RunMany, switched";

    // Of two lanes: the second has a quarter, a twelfth and four fifths of the first's work; and as much.
    private static readonly string[] Models = ["ultraface_rfb_320", "light_squeezenet_random", "nasnet_small", "two_tower_8x256"];

    // A call is four inputs of a model that may be large.
    private const int FewCalls = 5;
    private static readonly TimeSpan Block = TimeSpan.FromMilliseconds(60);

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (string name in Models.Where(options.Has))
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"{Batch} inputs over the two lanes of {name}, forced to split, by RunMany, against one by one");
            CatalogModel? model = ModelCatalog.All.FirstOrDefault(m => m.Name == name);
            if (model is null || Contest.Cores < 2)
            {
                yield return Line.NotMeasured(what, "", model is null ? SharedModels.WhySkipped : "there is one core");
                continue;
            }
            string path = model.Write(ModelCatalog.Folder);
            Samples samples = Interleaved.Measure([.. new[] { OneByOne, InFlight, AsIs, Plain, Switched }.Select(way => new Candidate(way, "hyperclusters", path, way))], options.Quick ? options.Settings : options.Settings with { LeastCalls = FewCalls, LeastTime = Block });
            yield return Line.Shown(what, string.Join(", ", new[] { AsIs, Switched, Plain, InFlight }.Select(way => string.Create(CultureInfo.InvariantCulture,
                $"{way}: {samples.Ratio(OneByOne, way).AsRatio()} ({samples.Median(way) / 1e3:0} us an input)"))), samples);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "hyperclusters")
            return null;
        GeneratedRunner runner = GeneratedModel.FromFile(arguments[0], new ListingOptions { Source = Path.GetFileName(arguments[0]), Plan = "Split" })
            .CreateRunner(new RunnerOptions { Model = ModelSource.File(arguments[0]), Cores = 2, Strict = true });
        Type[] types = runner.Runner.GetType().BaseType!.GetGenericArguments();
        return (IWorkload)Activator.CreateInstance(
            typeof(Inputs<,>).MakeGenericType(types), runner.Runner, runner.NewInput(Feeds.For(arguments[0])), arguments[1])!;
    }

    /// <summary>An input's time is that of all, divided by their number.</summary>
    private sealed class Inputs<TInput, TOutput> : IWorkload
        where TOutput : IDisposable
    {
        private readonly ModelRunner<TInput, TOutput> _runner;
        private readonly TInput[] _inputs;
        private readonly Repeated _repeated;

        public Inputs(ModelRunner<TInput, TOutput> runner, TInput input, string way)
        {
            _runner = runner;
            _inputs = [.. Enumerable.Repeat(input, Batch)];
            if (way is Plain or Switched)
                runner.Engine.Groups = new GroupSchedule(runner.Engine.Plan.Outline, way == Plain ? Switching.Never : Switching.Always);
            _repeated = new Repeated(Way(way), 1, runner);
        }

        public void Block(double[] nanoseconds)
        {
            _repeated.Block(nanoseconds);
            for (int i = 0; i < nanoseconds.Length; i++)
                nanoseconds[i] /= Batch;
        }

        public void Dispose() => _repeated.Dispose();

        private Action Way(string way) => way switch
        {
            OneByOne => () => Free([.. _inputs.Select(i => _runner.Run(i))]),
            InFlight => () => Free(Task.WhenAll(_inputs.Select(i => _runner.RunAsync(i))).GetAwaiter().GetResult()),
            _ => () => Free(_runner.RunMany(_inputs)),
        };

        private static void Free(TOutput[] outputs)
        {
            foreach (TOutput output in outputs)
                output.Dispose();
        }
    }
}
