using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Prepared;

/// <summary>Growth of private memory over calls of random sizes, prepared against ONNX Runtime's defaults, which keep a memory pattern for each shape.</summary>
internal sealed class PreparedGrowth : IFamily
{
    private const int Rounds = 3;
    private const int Calls = 300;
    private const int Seed = 11;
    private const double MostGrowth = 0.65;
    private const double MostTime = 1.03;

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach ((string model, PreparedCase? found, string why) in PreparedCase.Of(new[] { "ppocrv3_det_en", "bert_4x384" }.Where(options.Has)))
        {
            if (found is not { } prepared)
            {
                yield return Line.NotMeasured("growth of " + model, "", why);
                continue;
            }
            int calls = options.Quick ? 10 : Calls;
            List<double[]> hand = [], ours = [];
            for (int round = 0; round < options.Rounds(Rounds); round++)
            {
                hand.Add(Once("growth-hand", prepared, calls));
                ours.Add(Once("growth-runner", prepared, calls));
            }
            double growth = Middle(ours, 1) / Middle(hand, 1), time = Middle(ours, 0) / Middle(hand, 0);
            yield return Line.Of($"growth of private memory over {calls} calls of random sizes, prepared against ONNX Runtime's defaults: {model}", string.Create(CultureInfo.InvariantCulture, $"<= {MostGrowth}x"),
                string.Create(CultureInfo.InvariantCulture, $"{growth:0.00}x ({Middle(ours, 1) / 1e6:0} and {Middle(hand, 1) / 1e6:0} MB)"), growth <= MostGrowth, new { ours, hand });
            yield return Line.Of($"the time of these calls: {model}", string.Create(CultureInfo.InvariantCulture, $"<= {MostTime}x"),
                string.Create(CultureInfo.InvariantCulture, $"{time:0.00}x ({Middle(ours, 0) / 1e9:0.0} and {Middle(hand, 0) / 1e9:0.0} s)"), time <= MostTime, new { ours, hand });
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "growth-hand" => new Growing(Sizes(arguments[0], arguments[1], arguments[3]), Session(arguments[3])),
        "growth-runner" => new Growing(Sizes(arguments[0], arguments[1], arguments[3]), Runner(arguments[2], arguments[3..])),
        _ => null,
    };

    private static double[] Once(string workload, PreparedCase prepared, int calls)
    {
        using WorkerProcess worker = new(Interleaved.Host, workload, [prepared.Name, calls.ToString(CultureInfo.InvariantCulture), prepared.Folder, .. prepared.Arguments]);
        return worker.Block(2).Nanoseconds;
    }

    private static double Middle(List<double[]> rounds, int number) => Statistics.Median(rounds.Select(r => r[number]));

    // The same sizes for both, the same each time; made when they are needed, and never all there at once.
    private static IEnumerable<RequestInputs> Sizes(string model, string calls, string path)
    {
        Random random = new(Seed);
        OnnxModel read = ModelReader.ReadFile(path);
        return Enumerable.Range(0, int.Parse(calls, CultureInfo.InvariantCulture)).Select(_ => RequestInputs.For(read, Dims(model, random), new Dictionary<string, string>()));
    }

    // The detector halves its sides five times.
    private static Dictionary<string, string> Dims(string model, Random random) => model.StartsWith("bert", StringComparison.Ordinal)
        ? new(StringComparer.Ordinal) { ["batch"] = "1", ["sequence"] = Text(random.Next(1, 513)) }
        : new(StringComparer.Ordinal)
        {
            ["p2o.DynamicDimension.0"] = "1",
            ["p2o.DynamicDimension.1"] = Text(32 * random.Next(5, 31)),
            ["p2o.DynamicDimension.2"] = Text(32 * random.Next(5, 31)),
        };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Func<(Action<RequestInputs>, IDisposable)> Session(string path) => () =>
    {
        HandSession session = new(path, []);
        return (Run, session);

        void Run(RequestInputs inputs)
        {
            IReadOnlyList<(string Name, NativeTensor Tensor)> tensors = HandSession.Tensors(inputs);
            session.Run(tensors);
            foreach ((_, NativeTensor tensor) in tensors)
                tensor.Dispose();
        }
    };

    private static Func<(Action<RequestInputs>, IDisposable)> Runner(string folder, string[] arguments)
    {
        (Func<LooseRunner> create, _) = PreparedCase.Runner(arguments, folder);
        return () =>
        {
            LooseRunner runner = create();
            return (inputs => runner.Run(runner.NewRequest(inputs)).Dispose(), runner);
        };
    }

    // The time of all calls, and how many bytes the process holds more after the last than after the first.
    private sealed class Growing(IEnumerable<RequestInputs> sizes, Func<(Action<RequestInputs> Run, IDisposable Owner)> open) : IWorkload
    {
        public void Block(double[] nanoseconds)
        {
            (Action<RequestInputs> run, IDisposable owner) = open();
            using (owner)
            {
                double? before = null;
                foreach (RequestInputs inputs in sizes)
                {
                    long start = Stopwatch.GetTimestamp();
                    run(inputs);
                    nanoseconds[0] += Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                    before ??= Private();
                }
                nanoseconds[1] = Private() - before!.Value;
            }
        }

        public void Dispose()
        {
        }

        // The inputs are garbage by now: what the collector keeps of their memory is not what is asked.
        private static double Private()
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return ProcessMemory.Read().Private;
        }
    }
}
