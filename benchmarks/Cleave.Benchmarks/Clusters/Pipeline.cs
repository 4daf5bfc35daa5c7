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
    private const string Lanes = "lanes";
    private const string Serial = "serial";
    private const string Abreast = "abreast";
    private const int InFlight = 8;
    // A request of more than a millisecond: the hand-offs count little, and what is measured is whether the lanes work at once.
    private const int Layers = 48;
    private const int Width = 128;
    // Enough that the cores compute; with one row they would wait for the same memory.
    private const int Rows = 64;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (Environment.ProcessorCount < 2)
            return [Line.NotMeasured(What, Target, "there is one core")];
        string path = SyntheticModels.Layers(Layers, Width, Rows);
        Candidate[] candidates = [.. new[] { Lanes, Serial, Abreast }.Select(name => new Candidate(name, "pipeline", path, name))];
        Samples samples = Interleaved.Measure(candidates, options.Settings);
        Interval gain = samples.Ratio(Serial, Lanes);
        return
        [
            Line.Of(What, Target, string.Create(CultureInfo.InvariantCulture,
                $"{gain.AsRatio()} ({samples.Median(Lanes) / 1e3:0} and {samples.Median(Serial) / 1e3:0} us a request)"), gain.Gains(1.7), samples),
            Line.Shown("the same requests on the whole chain, one on each core, against serial requests on one thread: what the cores give at best", samples.Ratio(Serial, Abreast).AsRatio(), samples),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "pipeline")
            return null;
        if (arguments[1] == Lanes)
            return new Requests(new ChainRunner(arguments[0], Layers, Width, Rows, 0, 1, 2));
        ChainRunner runner = new(arguments[0], Layers, Width, Rows, 0);
        if (arguments[1] == Abreast)
            return new Requests(runner);
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
