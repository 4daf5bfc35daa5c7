using System;
using System.Collections.Generic;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Benching;

/// <summary>What the threads of ONNX Runtime's pool do when they have nothing to do.</summary>
internal enum Spinning
{
    /// <summary>They spin: ONNX Runtime's default.</summary>
    On,

    /// <summary>They sleep.</summary>
    Off,

    /// <summary>They spin during a run and sleep between runs: <c>session.force_spinning_stop</c>.</summary>
    StopBetweenRuns,
}

/// <summary>One way to set up ONNX Runtime: benchmarks/baselines.md says which ones are measured, and why.</summary>
/// <param name="Threads">Intra-op threads, 0 for what ONNX Runtime takes by itself; in parallel mode inter-op threads, with one intra-op thread.</param>
/// <param name="Spinning">Matters from two threads on.</param>
/// <param name="Parallel"><c>ORT_PARALLEL</c>.</param>
/// <param name="Callers">Threads that call the one session at once.</param>
internal sealed record OrtConfiguration(int Threads, Spinning Spinning, bool Parallel, int Callers)
{
    public string Name => Threads switch
    {
        _ when Parallel => string.Create(CultureInfo.InvariantCulture, $"ORT_PARALLEL, {Threads} threads"),
        1 => "1 thread",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Threads} threads") + Spinning switch
        {
            Spinning.Off => ", no spinning",
            Spinning.StopBetweenRuns => ", force_spinning_stop",
            _ => "",
        },
    };

    /// <summary>What is measured with these thread counts and numbers of callers.</summary>
    public static IEnumerable<OrtConfiguration> List(IReadOnlyList<int> threads, IReadOnlyList<int> callers)
    {
        int most = 1;
        foreach (int count in threads)
            most = Math.Max(most, count);
        foreach (int atOnce in callers)
        {
            foreach (int count in threads)
            {
                foreach (Spinning spinning in count == 1 ? [Spinning.Off] : Enum.GetValues<Spinning>())
                    yield return new OrtConfiguration(count, spinning, Parallel: false, atOnce);
            }
            if (most > 1)
                yield return new OrtConfiguration(most, Spinning.On, Parallel: true, atOnce);
        }
    }

    public SessionOptions Options()
    {
        SessionOptions options = new()
        {
            IntraOpNumThreads = Parallel ? 1 : Threads,
            InterOpNumThreads = Parallel ? Threads : 1,
            ExecutionMode = Parallel ? ExecutionMode.ORT_PARALLEL : ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        if (Spinning == Spinning.Off)
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (Spinning == Spinning.StopBetweenRuns)
            options.AddSessionConfigEntry("session.force_spinning_stop", "1");
        return options;
    }

    /// <summary>As arguments of a worker; <see cref="Parse"/> reads them.</summary>
    public string[] ToArguments() =>
        [Threads.ToString(CultureInfo.InvariantCulture), Spinning.ToString(), Parallel.ToString(), Callers.ToString(CultureInfo.InvariantCulture)];

    public static OrtConfiguration Parse(ReadOnlySpan<string> arguments) => new(
        int.Parse(arguments[0], CultureInfo.InvariantCulture), Enum.Parse<Spinning>(arguments[1]), bool.Parse(arguments[2]),
        int.Parse(arguments[3], CultureInfo.InvariantCulture));
}
