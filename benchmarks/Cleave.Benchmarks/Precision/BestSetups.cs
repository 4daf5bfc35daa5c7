using System;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Precision;

/// <summary>A model of floats against its file in 8 bits, each in the fastest of all set-ups of ONNX Runtime.</summary>
/// <param name="Ratio">Time of a run of floats over that of 8 bits.</param>
/// <param name="Floats">Nanoseconds of the one.</param>
/// <param name="Bytes">And of the other.</param>
/// <param name="Samples">What was measured.</param>
internal sealed record BestSetups(Interval Ratio, double Floats, double Bytes, Samples Samples)
{
    private const string OfFloats = "floats, ";
    private const string OfBytes = "bytes, ";

    public static BestSetups Measure(PrecisionCase made, Tool.Benching.BenchOptions inputs, Harness.BenchOptions options)
    {
        OrtConfiguration[] setups = [.. OrtConfiguration.List(inputs.Threads, inputs.Callers)];
        Samples samples = Qualified.Measure(
        [
            [.. setups.Select(s => BenchWorkloads.OfSession(OfFloats + s.Name, made.Floats, inputs, s))],
            [.. setups.Select(s => BenchWorkloads.OfSession(OfBytes + s.Name, made.Bytes, inputs, s) with { IsJudged = true })],
        ], options);
        string floats = Best(samples, OfFloats), bytes = Best(samples, OfBytes);
        return new BestSetups(samples.Ratio(floats, bytes), samples.Median(floats), samples.Median(bytes), samples);
    }

    /// <summary>For people.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Ratio.AsRatio()} ({Floats / 1e6:0.00} and {Bytes / 1e6:0.00} ms)");

    private static string Best(Samples samples, string prefix) => samples.Blocks.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).MinBy(samples.Median)!;
}
