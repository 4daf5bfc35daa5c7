using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Several requests in flight on a chain in three lanes against the same requests one after the other on one thread.</summary>
internal sealed class Pipeline : IFamily
{
    private const string What = "chain in three forced lanes, 8 requests in flight, against serial requests on one thread";
    private const string Target = ">= 1.7x throughput";
    private const int InFlight = 8;
    private const int Layers = 24;
    private const int Width = 128;
    // Enough that the cores compute; with one row they would wait for the same memory.
    private const int Rows = 32;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (Environment.ProcessorCount < 2)
            return [Line.NotMeasured(What, Target, "there is one core")];
        string path = SyntheticModels.Layers(Layers, Width, Rows);
        Candidate[] candidates = [new("lanes", "pipeline", path, "lanes"), new("serial", "pipeline", path, "serial")];
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(candidates, options.Settings), s => s.Ratio("lanes", "serial"), limit: 1 / 1.7);
        return
        [
            Line.Of(What, Target, string.Create(CultureInfo.InvariantCulture,
                $"{1 / ratio.Median:0.00}x ({samples.Median("lanes") / 1e3:0} and {samples.Median("serial") / 1e3:0} us a request)"), holds, samples),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "pipeline")
            return null;
        if (arguments[1] == "lanes")
            return new Requests(new ChainRunner(arguments[0], Layers, Width, Rows, 0, 1, 2));
        ChainRunner runner = new(arguments[0], Layers, Width, Rows, 0);
        ChainRunner.Call call = runner.NewCall();
        return new Repeated(() => call.Run(), 1, runner);
    }

    /// <summary>Eight clients that each wait for an answer before they ask again. A request's time is that of all, divided by their number.</summary>
    private sealed class Requests(ChainRunner runner) : IWorkload
    {
        private readonly float[] _input = new float[Rows * Width];

        public void Block(double[] nanoseconds)
        {
            long start = Stopwatch.GetTimestamp();
            Task.WhenAll(Enumerable.Range(0, InFlight).Select(client => Ask(client, nanoseconds.Length))).GetAwaiter().GetResult();
            Array.Fill(nanoseconds, Stopwatch.GetElapsedTime(start).TotalNanoseconds / nanoseconds.Length);
        }

        public void Dispose() => runner.Dispose();

        private async Task Ask(int client, int requests)
        {
            for (int i = client; i < requests; i += InFlight)
                (await runner.RunAsync(_input).ConfigureAwait(false)).Dispose();
        }
    }
}
