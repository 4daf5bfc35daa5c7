using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Foundation;

/// <summary>What <c>RunAsync</c> costs over <c>Run</c>: the way to the runner's thread and back.</summary>
internal sealed class AsyncOverhead : IFamily
{
    private const string Target = "<= 15 us added";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = SyntheticModels.Toy();
        (Samples busy, _, bool holds) = Claims.NoLoss(
            () => Compare(path, idleMilliseconds: 0, options.Blocks(10_000)), s => s.Difference("async", "sync"), limit: 15e3);
        yield return Line.Of("RunAsync over Run, awaited, p50 of 10,000 in a row (toy of 4 nodes)", Target, Text(busy), holds, busy);

        Samples idle = Compare(path, idleMilliseconds: 5, options.Blocks(50));
        yield return Line.Shown("the same after 5 ms of idling each", Text(idle), idle);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name is not ("async" or "sync"))
            return null;
        TimeSpan idle = TimeSpan.FromMilliseconds(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        ITypedRunner runner = TypedRunner.Open(arguments[0]);
        return name == "async" ? new Awaited(runner, idle) : new OneByOne(runner, idle);
    }

    private static Samples Compare(string path, int idleMilliseconds, MeasureSettings settings)
    {
        string idle = idleMilliseconds.ToString(CultureInfo.InvariantCulture);
        return Interleaved.Measure(
            [new("sync", "sync", path, idle), new("async", "async", path, idle)], settings);
    }

    private static string Text(Samples samples) =>
        $"{samples.Difference("async", "sync").Median / 1e3:0.0} us added ({samples.Median("async") / 1e3:0.0} and {samples.Median("sync") / 1e3:0.0} us)";

    private sealed class Awaited(ITypedRunner runner, TimeSpan idle) : IWorkload
    {
        public void Block(double[] nanoseconds) => runner.TimeAsync(nanoseconds, idle).GetAwaiter().GetResult();

        public void Dispose() => runner.Dispose();
    }

    private sealed class OneByOne(ITypedRunner runner, TimeSpan idle) : IWorkload
    {
        public void Block(double[] nanoseconds)
        {
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                if (idle > TimeSpan.Zero)
                    Thread.Sleep(idle);
                long start = Stopwatch.GetTimestamp();
                runner.Run();
                nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            }
        }

        public void Dispose() => runner.Dispose();
    }
}
