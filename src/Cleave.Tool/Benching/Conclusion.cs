using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Tool.Measuring;

namespace Cleave.Tool.Benching;

/// <summary>What a table says, in plain words.</summary>
internal static class Conclusion
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>What is fastest, and how Cleave compares with the best of ONNX Runtime; empty where one of them is missing.</summary>
    /// <param name="measured">Label, whether it is Cleave, and key of what was measured, the fastest first.</param>
    /// <param name="callers">How many callers at once.</param>
    /// <param name="samples">What was measured.</param>
    public static string Of(IReadOnlyList<(string Label, bool Cleave, string Key)> measured, int callers, Samples samples)
    {
        if (measured.Count == 0)
            return "";
        string load = callers == 1 ? "One request at a time" : string.Create(Invariant, $"{callers} callers at once");
        string fastest = $"{load}: {measured[0].Label} is fastest, {DurationText.Measured(samples.Median(measured[0].Key) / callers)} a request.";
        if (measured.All(m => m.Cleave) || !measured.Any(m => m.Cleave))
            return fastest;
        (string ours, _, string ourKey) = measured.First(m => m.Cleave);
        (string theirs, _, string theirKey) = measured.First(m => !m.Cleave);
        return $"{fastest} {Compare(ours, theirs, samples.Ratio(ourKey, theirKey), samples.Blocks[ourKey].Length)}";
    }

    private static string Compare(string ours, string theirs, Interval ratio, int rounds)
    {
        bool isCertain = rounds >= Statistics.LeastValues;
        string uncertain = string.Create(Invariant, $"no 95 % interval: {rounds} {(rounds == 1 ? "round is" : "rounds are")} too few, give at least {Statistics.LeastValues}");
        if (ratio.Contains(1))
        {
            double most = Math.Max(1 - ratio.Low, ratio.High - 1);
            return string.Create(Invariant, $"{ours} and the best of ONNX Runtime ({theirs}) are equally fast, as far as this shows (within {most:0.0%}{(isCertain ? "" : "; " + uncertain)}).");
        }
        Interval times = ratio.High < 1 ? new Interval(1 / ratio.High, 1 / ratio.Median, 1 / ratio.Low) : ratio;
        (string first, string second) = ratio.High < 1
            ? (ours, $"the best of ONNX Runtime ({theirs})")
            : ($"The best of ONNX Runtime ({theirs})", ours);
        return string.Create(Invariant, $"{first} is {times.Median:0.00} times as fast as {second} ({(isCertain ? "with 95 % certainty" : "measured")} {times.Low:0.00} to {times.High:0.00}{(isCertain ? "" : "; " + uncertain)}).");
    }
}
