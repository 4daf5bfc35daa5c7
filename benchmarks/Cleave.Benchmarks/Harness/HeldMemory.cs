using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Harness;

/// <summary>Says, instead of a time, how many bytes a process holds more after so many runs of something than before it was made.</summary>
internal sealed class HeldMemory(int runs, Func<(Action Run, IDisposable Owner)> create) : IWorkload
{
    /// <summary>What was resident; and what of it is private, which no file backs and no other process shares. The medians over processes that were started for it.</summary>
    public static (double Resident, double Private) Median(int processes, string workload, string[] arguments)
    {
        double[][] held = [.. Enumerable.Range(0, processes).Select(_ =>
        {
            using WorkerProcess worker = new(Interleaved.Host, workload, arguments);
            return worker.Block(2).Nanoseconds;
        })];
        return (Statistics.Median(held.Select(h => h[0])), Statistics.Median(held.Select(h => h[1])));
    }

    /// <summary>One session of ONNX Runtime, without spinning.</summary>
    public static HeldMemory OfSession(int runs, int threads, string[] arguments)
    {
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = Tool.Benching.BenchOptions.ReadInputs(arguments[1..]);
        RequestInputs inputs = RequestInputs.For(ModelReader.ReadFile(arguments[0]), dims, fills);
        return new HeldMemory(runs, () =>
        {
            SessionCalls session = new(arguments[0], new OrtConfiguration(threads, Spinning.Off, Parallel: false, Callers: 1), inputs);
            return (session.Calls[0], session);
        });
    }

    public void Block(double[] nanoseconds)
    {
        // ONNX Runtime's library is the process's, whatever is run with it.
        Microsoft.ML.OnnxRuntime.OrtEnv.Instance();
        ProcessMemory before = ProcessMemory.Read();
        (Action run, IDisposable owner) = create();
        using (owner)
        {
            for (int i = 0; i < runs; i++)
                run();
            ProcessMemory held = ProcessMemory.Read() - before;
            (nanoseconds[0], nanoseconds[1]) = (held.Resident, held.Private);
        }
    }

    public void Dispose()
    {
    }
}
