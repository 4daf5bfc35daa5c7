using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Harness;
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

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        int segments = options.Quick ? 200 : 4000;
        List<double> times = [];
        for (int round = 0; round < options.Rounds(12) + 1; round++)
        {
            double microseconds = Round(segments);
            // The first one compiles.
            if (round > 0)
                times.Add(microseconds);
        }
        double median = times.Order().ElementAt(times.Count / 2);
        yield return Line.Of($"a segment of {Segment} samples of one of {Members} members that return at once, outputs of {Classes}", "<= 20 µs, <= 0.5 µs a sample",
            string.Create(CultureInfo.InvariantCulture, $"{median:0.0} µs, {median / Segment:0.000} µs a sample"), median <= 20 && median / Segment <= 0.5, times);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    // Microseconds for each segment of each member.
    private static double Round(int segments)
    {
        SystemOptions options = new() { SegmentSize = Segment };
        EnsembleSystem system = new("overhead", [.. Enumerable.Range(0, Members).Select(m => ("m" + m, (IReadOnlyList<IMemberInstance>)[new AtOnce(m)]))], options);
        float[] rows = new float[segments * Segment];
        TensorJob job = new(segments * Segment, [rows], [(new MeanCombiner<float>("y", [], Members), Classes)], Segment);
        long start = Stopwatch.GetTimestamp();
        system.Run(job, CancellationToken.None);
        double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        system.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return microseconds / segments / Members;
    }

    private sealed class AtOnce(int member) : IMemberInstance
    {
        private readonly float[] _output = new float[Segment * Classes];

        public string Name => "at once";

        public int Batch => Segment;

        public int Slots => 3;

        public bool IsLost => false;

        public void Load(EnsembleJob job, int at, int count, int slot)
        {
        }

        public void Predict(int slot)
        {
        }

        public void Receive(int slot)
        {
        }

        public void Add(EnsembleJob job, int at, int count, int slot) => ((TensorJob)job).Add(member, 0, at, _output.AsSpan(0, count * Classes));

        public void Dispose()
        {
        }
    }
}
