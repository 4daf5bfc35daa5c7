using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ledger;

/// <summary>What a process costs that holds runners which have run, and does nothing.</summary>
internal sealed class IdleRunner : IFamily
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        using WorkerProcess worker = new(Interleaved.Host, "idle", PlannedRunner.Arguments("two_tower_8x256"));
        double[] part = worker.Block(options.Rounds(3)).Nanoseconds;
        double most = Statistics.Median(part);
        return [Line.Of("idle runner: CPU time of the whole process, part of one core", "< 0.5 %",
            string.Create(CultureInfo.InvariantCulture, $"{100 * most:0.000} %"), most < 0.005, part)];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name == "idle" ? new Idling(PlannedRunner.Of(arguments)()) : null;

    // Parts of a core instead of times. There is nothing to wait for but time itself.
    private sealed class Idling(PlannedRunner runner) : IWorkload
    {
        public void Block(double[] nanoseconds)
        {
            using Process self = Process.GetCurrentProcess();
            for (int i = 0; i < nanoseconds.Length; i++)
            {
                runner.Run(4, 100);
                Thread.Sleep(Settling);
                self.Refresh();
                TimeSpan before = self.TotalProcessorTime;
                Thread.Sleep(Idle);
                self.Refresh();
                nanoseconds[i] = (self.TotalProcessorTime - before) / Idle;
            }
        }

        public void Dispose() => runner.Dispose();
    }
}
