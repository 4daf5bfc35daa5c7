using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Lanes;
using Cleave.Tool.Measuring;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Several requests in flight on a chain in three lanes against the same requests one after the other on one thread.</summary>
internal sealed class Pipeline : IFamily
{
    private const string What = "chain in three forced lanes, 8 requests in flight, against serial requests on one thread";
    private const string Target = ">= 1.7x throughput";
    private const string Lanes = "lanes";
    private const string Serial = "serial";
    private const string Abreast = "abreast";
    private const string LanesByHand = "lanes by hand";
    private const string ByHand = "by hand";
    private const int InFlight = 8;
    // So many that lanes which have nothing to do yet, or nothing any more, count little.
    private const int RequestsOfBlock = 200;
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
        Candidate[] candidates = [.. new[] { Lanes, Serial, Abreast, LanesByHand, ByHand }.Select(name => new Candidate(name, "pipeline", path, name) { IsJudged = name == Lanes })];
        Samples samples = Interleaved.Measure(candidates, options.Blocks(RequestsOfBlock));
        Interval gain = samples.Ratio(Serial, Lanes);
        return
        [
            Line.Of(What, Target, string.Create(CultureInfo.InvariantCulture,
                $"{gain.AsRatio()} ({samples.Median(Lanes) / 1e3:0} and {samples.Median(Serial) / 1e3:0} us a request)"), gain.Gains(1.7), samples),
            Line.Shown("the same requests on the whole chain, one on each core, against serial requests on one thread", samples.Ratio(Serial, Abreast).AsRatio(), samples),
            Line.Shown("two threads by hand, each with a session of its own and nothing to wait for, against the same: what the cores give at best", samples.Ratio(Serial, ByHand).AsRatio(), samples),
            Line.Shown("three threads by hand, which hand the same segments' results on and do nothing else, against the same: what a pipeline of these gives at best", samples.Ratio(Serial, LanesByHand).AsRatio(), samples),
        ];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "pipeline")
            return null;
        if (arguments[1] == ByHand)
            return new SessionsByHand(arguments[0], Environment.ProcessorCount);
        if (arguments[1] is Lanes or LanesByHand)
        {
            ChainRunner lanes = new(arguments[0], Layers, Width, Rows, [0, 1, 2]);
            return arguments[1] == Lanes ? new Requests(lanes) : new SegmentsByHand(lanes);
        }
        ChainRunner runner = new(arguments[0], Layers, Width, Rows, [0]);
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

    /// <summary>A thread for each segment, which takes the requests in turn. A request's time is that of all, divided by their number.</summary>
    private sealed class SegmentsByHand : IWorkload
    {
        private readonly ChainRunner _runner;
        private readonly ChainRunner.Call[] _calls;
        private readonly PlanSample[] _samples;
        private readonly RunOptions _options = new();

        public SegmentsByHand(ChainRunner runner)
        {
            _runner = runner;
            _calls = [.. Enumerable.Range(0, InFlight).Select(_ => runner.NewCall())];
            _samples = Array.ConvertAll(_calls, SplitByHand.Settled);
        }

        public void Block(double[] nanoseconds)
        {
            int segments = _samples[0].Segments.Length;
            // The requests that wait for each segment; those that are over wait for the first one.
            SemaphoreSlim[] waiting = [.. Enumerable.Range(0, segments).Select(i => new SemaphoreSlim(i == 0 ? InFlight : 0))];
            Thread[] threads = [.. Enumerable.Range(0, segments).Select(i => new Thread(() => Follow(i, waiting[i], waiting[(i + 1) % segments], nanoseconds.Length)))];
            long start = Stopwatch.GetTimestamp();
            Array.ForEach(threads, static t => t.Start());
            Array.ForEach(threads, static t => t.Join());
            Array.Fill(nanoseconds, Stopwatch.GetElapsedTime(start).TotalNanoseconds / nanoseconds.Length);
            Array.ForEach(waiting, static w => w.Dispose());
        }

        public void Dispose()
        {
            _options.Dispose();
            Array.ForEach(_calls, static c => c.Dispose());
            _runner.Dispose();
        }

        private void Follow(int segment, SemaphoreSlim waiting, SemaphoreSlim next, int requests)
        {
            for (int i = 0; i < requests; i++)
            {
                waiting.Wait();
                _samples[i % InFlight].Segments[segment]!.Run(_options);
                next.Release();
            }
        }
    }

    /// <summary>As many sessions as cores, each run by a thread of its own as fast as it can. A request's time is that of all, divided by their number.</summary>
    private sealed class SessionsByHand(string path, int threads) : IWorkload
    {
        private readonly BoundSession[] _sessions = [.. Enumerable.Range(0, threads).Select(_ => new BoundSession(path))];

        public void Block(double[] nanoseconds)
        {
            int left = nanoseconds.Length;
            Thread[] all = Array.ConvertAll(_sessions, session => new Thread(() =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                    session.Run();
            }));
            long start = Stopwatch.GetTimestamp();
            Array.ForEach(all, static t => t.Start());
            Array.ForEach(all, static t => t.Join());
            Array.Fill(nanoseconds, Stopwatch.GetElapsedTime(start).TotalNanoseconds / nanoseconds.Length);
        }

        public void Dispose() => Array.ForEach(_sessions, static s => s.Dispose());
    }
}
