using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Parts;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Plans;

namespace Cleave.Tuning;

/// <summary>What a section of the tuning file says for a runner: which plan to open, and how its modes compare. Plain functions.</summary>
internal static class TunedRunner
{
    /// <summary>
    /// The way that is the best over all requests that were measured; one with fewer cores where more gain nothing. Two are compared on the requests where both are known. Null where none
    /// of the ways is known here.
    /// </summary>
    public static ChosenPlan? Plan(TuningSection section, Budget[] rows)
    {
        ChosenPlan? best = null;
        foreach (ChosenPlan plan in Known(section, rows).OrderBy(static p => p.Cores))
        {
            if (best is null || Slower(section, plan, best) < TunedRequest.Worth)
                best = plan;
        }
        return best;
    }

    /// <summary>How many times as long each mode takes as the last one, for requests of a size; null where that is not known.</summary>
    public static double?[]? Relative(TuningSection section, IReadOnlyList<ChosenPlan> modes, IReadOnlyList<int> dims)
    {
        if (Nearest(section, dims) is not { } request || Find(request, modes[^1]) is not { } last)
            return null;
        return [.. modes.Select(mode => Find(request, mode) is { } time ? (double)time.Nanoseconds / last.Nanoseconds : (double?)null)];
    }

    /// <summary>
    /// What calls of the whole model took, by size, samples and threads: instead of what was predicted. Calls that are smaller or larger than all that were measured take what was
    /// predicted, as many times as the nearest measured one took that. Null where one thread was not measured, or nothing that fits the model.
    /// </summary>
    /// <param name="section">What was measured.</param>
    /// <param name="definition">The model.</param>
    /// <param name="shapes">Of its inputs.</param>
    /// <param name="isCrowded">Whether calls of fewer threads than cores run beside others, as parts of a batch or job do, or alone.</param>
    public static PredictedTimes? Times(TuningSection section, ModelDefinition definition, ShapeTable shapes, bool isCrowded)
    {
        string? whole = definition.Budgets.Where(static b => !b.Plan.IsSplit).Select(static b => b.Plan.Name).FirstOrDefault();
        TunedRequest[] requests = [.. section.Requests.Where(r => r.Find(whole ?? "", [1]) != null && r.Sizes.Count == shapes.Symbols && shapes.InputsOfUnknownRank == 0)];
        if (requests.Length == 0)
            return null;
        // Those that were measured everywhere.
        int[] counts = [.. requests[0].Times.Where(static t => t.Threads.Count == 1).Select(static t => t.Threads[0]).Distinct()
            .Where(c => requests.All(r => r.Find(whole!, [c]) != null)).Order()];
        int batch = shapes.BatchOf(definition);
        PredictedTime[] calls = [.. requests.Where(r => batch < 0 || r.Sizes[batch] > 0).Select(r => Call(r, batch)).OrderBy(static c => c.Elements).ThenBy(static c => c.Samples)];
        return calls.Length == 0 ? null : new PredictedTimes(counts, [.. calls, .. Beyond(calls, counts, definition.Times)]);

        PredictedTime Call(TunedRequest request, int batch)
        {
            int samples = batch < 0 ? 1 : request.Sizes[batch];
            double elements = Enumerable.Range(0, definition.Inputs.Length).Sum(i => shapes.Elements(i, [.. request.Sizes]));
            return new PredictedTime((long)Math.Min(elements / samples, long.MaxValue / 2), samples, Array.ConvertAll(counts, c => request.Find(whole!, [c])!.Nanoseconds / 1e3 * (isCrowded ? Slowdown(request.Find(whole!, [1])!, c) : 1)));
        }

        // One thread was measured among others; of more threads there are fewer others, and the slowdown is taken to go with their number.
        double Slowdown(TunedTime thin, int threads)
        {
            int cores = section.Machine.Cores;
            if (thin.Crowded == 0 || threads >= cores)
                return 1;
            return 1 + (((double)thin.Crowded / thin.Nanoseconds) - 1) * (cores - threads) / (cores - 1);
        }
    }

    // Predicted calls beyond the measured sizes, each corrected by the nearest one that was measured.
    private static IEnumerable<PredictedTime> Beyond(PredictedTime[] measured, int[] counts, PredictedTimes? predicted)
    {
        if (predicted is null)
            yield break;
        CallTimes times = predicted.ToCallTimes();
        long least = measured.Min(static m => m.Elements), most = measured.Max(static m => m.Elements);
        foreach (PredictedTime call in predicted.Calls.Where(c => c.Elements < least || c.Elements > most))
        {
            PredictedTime near = measured.MinBy(m => (Distance(m.Elements, call.Elements), Distance(m.Samples, call.Samples)));
            PartTimes expected = times.Of(call.Elements, call.Samples), expectedNear = times.Of(near.Elements, near.Samples);
            yield return new PredictedTime(call.Elements, call.Samples, [.. counts.Select((c, i) => expected.At(c) * near.Microseconds[i] / expectedNear.At(c))]);
        }
    }

    private static TunedTime? Find(TunedRequest request, ChosenPlan mode) => request.Find(mode.Plan.Name, mode.Threads);

    // By factors: twice as long is as far as half as long.
    private static TunedRequest? Nearest(TuningSection section, IReadOnlyList<int> dims) => section.Requests
        .Where(r => r.Sizes.Count == dims.Count)
        .MinBy(r => r.Sizes.Zip(dims, static (a, b) => Distance(a, b)).Sum());

    private static double Distance(double a, double b) => Math.Abs(Math.Log((a + 1) / (b + 1)));

    // How many times as long it takes as the other, the geometric mean of the requests where both are known; no number where none is.
    private static double Slower(TuningSection section, ChosenPlan plan, ChosenPlan other)
    {
        double[] ratios = [.. section.Requests.Where(r => Find(r, plan) != null && Find(r, other) != null)
            .Select(r => Math.Log((double)Find(r, plan)!.Nanoseconds / Find(r, other)!.Nanoseconds))];
        return ratios.Length == 0 ? double.NaN : Math.Exp(ratios.Average());
    }

    private static IEnumerable<ChosenPlan> Known(TuningSection section, Budget[] rows)
    {
        IEnumerable<TunedTime> times = section.Requests.SelectMany(static r => r.Times);
        foreach (IGrouping<string, TunedTime> time in times.GroupBy(static t => t.Words, StringComparer.Ordinal))
        {
            (string name, IReadOnlyList<int> threads) = (time.First().Plan, time.First().Threads);
            int row = Array.FindIndex(rows, r => r.Plan.Name == name && r.Plan.Lanes.Length == threads.Count);
            if (row >= 0)
                yield return new ChosenPlan(rows[row].Plan, [.. threads], threads.Sum());
        }
    }
}
