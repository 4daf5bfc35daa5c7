using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Onnx;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>Says, instead of a time, how many bytes a process holds more after so many runs of something than before it was made.</summary>
internal sealed class ResidentMemory(int runs, Func<(Action Run, IDisposable Owner)> create) : IWorkload
{
    /// <summary>The median over processes that were started for it.</summary>
    public static double Median(int processes, string workload, string[] arguments) => Statistics.Median([.. Enumerable.Range(0, processes).Select(_ =>
    {
        using WorkerProcess worker = new(Interleaved.Host, workload, arguments);
        return worker.Block(1).Nanoseconds[0];
    })]);

    /// <summary>One session of ONNX Runtime, without spinning.</summary>
    public static ResidentMemory OfSession(int runs, int threads, string[] arguments)
    {
        (IReadOnlyDictionary<string, string> dims, IReadOnlyDictionary<string, string> fills) = Tool.Benching.BenchOptions.ReadInputs(arguments[1..]);
        ModelInputs inputs = ModelInputs.For(ModelReader.ReadFile(arguments[0]), dims, fills);
        return new ResidentMemory(runs, () =>
        {
            SessionCalls session = new(arguments[0], new OrtConfiguration(threads, Spinning.Off, Parallel: false, Callers: 1), inputs);
            return (session.Calls[0], session);
        });
    }

    public void Block(double[] nanoseconds)
    {
        // ONNX Runtime's library is the process's, whatever is run with it.
        Microsoft.ML.OnnxRuntime.OrtEnv.Instance();
        long before = Held();
        (Action run, IDisposable owner) = create();
        using (owner)
        {
            for (int i = 0; i < runs; i++)
                run();
            nanoseconds[0] = Held() - before;
        }
    }

    public void Dispose()
    {
    }

    private static long Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
