using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Benchmarks.Harness;
using Cleave.Devices;
using Cleave.Emulator;
using Cleave.Ensembles.Combining;
using Cleave.Ensembles.Serving;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>What segments, queues, three stages and the combination cost: members that return at once.</summary>
internal sealed class SystemOverhead : IFamily
{
    private const int Members = 4;
    private const int Segment = 128;
    private const int Classes = 100;

    // As many as are under way at once.
    private const int SegmentsOfRequest = 64;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        int requests = options.Quick ? 4 : 64;
        MeanCombiner<float> combiner = new("y", [], Members);
        List<double> times = [];
        for (int round = 0; round < options.Rounds(12) + 1; round++)
        {
            double microseconds = Round(requests, combiner);
            // The first one compiles, and takes the memory that requests use again, as they do in a runner.
            if (round > 0)
                times.Add(microseconds);
        }
        double median = times.Order().ElementAt(times.Count / 2);
        yield return Line.Of($"a segment of {Segment} samples of one of {Members} members that return at once, outputs of {Classes}, requests of {SegmentsOfRequest} segments", "<= 20 µs, <= 0.5 µs a sample",
            string.Create(CultureInfo.InvariantCulture, $"{median:0.0} µs, {median / Segment:0.000} µs a sample"), median <= 20 && median / Segment <= 0.5, times);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    // Microseconds for each segment of each member.
    private static double Round(int requests, MeanCombiner<float> combiner)
    {
        SystemOptions options = new() { SegmentSize = Segment };
        EnsembleSystem system = new("overhead", [.. Enumerable.Range(0, Members).Select(m => ("m" + m, (IReadOnlyList<IMemberInstance>)[new AtOnce(m)]))], options);
        float[] rows = new float[SegmentsOfRequest * Segment];
        long start = Stopwatch.GetTimestamp();
        for (int request = 0; request < requests; request++)
            system.Run(new TensorRequest(rows.Length, [rows], [(combiner, Classes)], Segment), CancellationToken.None);
        double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        system.StopAsync(static task => new ValueTask(task)).GetAwaiter().GetResult();
        return microseconds / requests / SegmentsOfRequest / Members;
    }

    private sealed class AtOnce(int member) : IMemberInstance
    {
        private readonly float[] _output = new float[Segment * Classes];

        public string Name => "at once";

        public int Batch => Segment;

        public int Slots => 3;

        public IDevice? Device => null;

        public bool IsLost => false;

        public void Load(EnsembleRequest request, int at, int count, int slot)
        {
        }

        public void Predict(int slot)
        {
        }

        public void Receive(int slot)
        {
        }

        public void Add(EnsembleRequest request, int at, int count, int slot) => ((TensorRequest)request).Add(member, 0, at, _output.AsSpan(0, count * Classes));

        public void Dispose()
        {
        }
    }
}
