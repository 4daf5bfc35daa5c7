using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Plans;

namespace Cleave.Tuning;

/// <summary>
/// Measures the ways to run a model, each against the one that would run without tuning, within a time. Two are open at once, beside what serves requests. Goes on where
/// an earlier tuning ended.
/// </summary>
/// <param name="definition">The model.</param>
/// <param name="options">How to open a candidate.</param>
/// <param name="candidates">The ways; the first is what the others are compared with.</param>
/// <param name="samples">The requests.</param>
/// <param name="crowd">How many requests of one thread each run at once where batches and jobs are divided; 1: they are not.</param>
/// <param name="timer">Compares.</param>
/// <param name="progress">Told before each comparison.</param>
internal sealed class Tuner(
    ModelDefinition definition, RunnerOptions options, IReadOnlyList<ChosenPlan> candidates, IReadOnlyList<TuningSample> samples, int crowd, PairTimer timer, IProgress<TuningStep>? progress)
{
    private readonly List<string> _refused = [];
    // By sample, as far as they are known.
    private readonly List<TunedTime>[] _times = [.. samples.Select(static _ => new List<TunedTime>())];
    private readonly bool[] _fails = new bool[samples.Count];

    /// <summary>What could not be measured, and why.</summary>
    public IReadOnlyList<string> Refused => _refused;

    /// <summary>Measures until all is known or the time is over.</summary>
    /// <param name="machine">This machine.</param>
    /// <param name="known">What was measured before; null: nothing.</param>
    /// <param name="budget">How long.</param>
    /// <exception cref="CleaveException">The way that would run without tuning cannot be opened.</exception>
    public TuningSection Run(MachineSignature machine, TuningSection? known, TimeSpan budget)
    {
        long deadline = Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency);
        for (int i = 0; i < samples.Count; i++)
            _times[i].AddRange(known?.Requests.FirstOrDefault(samples[i].Is)?.Times ?? []);
        bool isComplete = true;
        if (Steps().Any())
        {
            using TuningCandidate reference = new(definition, options, candidates[0]);
            if (candidates.Count == 1)
                isComplete = Measure(reference, null, deadline);
            for (int i = 1; i < candidates.Count; i++)
                isComplete &= Challenge(reference, candidates[i], Share(deadline, candidates.Count - i));
        }
        // Requests that an earlier tuning measured, of other sizes, are still true.
        IEnumerable<TunedRequest> others = known?.Requests.Where(r => !samples.Any(s => s.Is(r))) ?? [];
        return new TuningSection(machine, definition.Hash, isComplete,
            [.. samples.Select((s, i) => s.Unmeasured with { Times = [.. _times[i]] }).Where(static r => r.Times.Count > 0), .. others]);
    }

    private bool Challenge(TuningCandidate reference, ChosenPlan plan, long until)
    {
        if (Pending(plan).Length == 0)
            return true;
        TuningCandidate challenger;
        try
        {
            challenger = new(definition, options, plan);
        }
        catch (CleaveException e)
        {
            _refused.Add(plan.Words + ": " + e.Message);
            return true;
        }
        using (challenger)
            return Measure(reference, challenger, until);
    }

    // Every sample where the challenger, or without one the reference, is not known. Whether there was time for all.
    private bool Measure(TuningCandidate reference, TuningCandidate? challenger, long until)
    {
        int[] pending = Pending((challenger ?? reference).Plan);
        bool isComplete = true;
        for (int i = 0; i < pending.Length; i++)
        {
            TuningSample sample = samples[pending[i]];
            progress?.Report(new TuningStep((challenger ?? reference).Plan.Words, sample.Unmeasured.Words, Known(), samples.Count * candidates.Count));
            try
            {
                reference.Take(sample);
                challenger?.Take(sample);
                TuningCandidate? thin = crowd > 1 ? Array.Find([challenger, reference], static c => c?.Plan is { Plan.IsSplit: false, Threads: [1] }) : null;
                long end = Share(until, pending.Length - i);
                if (timer.Compare(reference, challenger, thin is null ? end : Share(end, 2)) is { } times)
                    Add(pending[i], reference.Plan, challenger?.Plan, times);
                else
                    isComplete = false;
                if (thin != null)
                    AddCrowded(pending[i], thin, end);
            }
            catch (CleaveException e)
            {
                _fails[pending[i]] = true;
                _refused.Add(sample.Unmeasured.Words + ": " + e.Message);
            }
        }
        return isComplete;
    }

    // The time of the reference is that of the first comparison, which all ratios are applied to.
    private void Add(int sample, ChosenPlan reference, ChosenPlan? challenger, PairTimes times)
    {
        List<TunedTime> known = _times[sample];
        TunedTime? first = known.Find(t => t.Is(reference.Plan.Name, reference.Threads));
        if (first is null)
            known.Insert(0, first = new TunedTime(reference.Plan.Name, reference.Threads, Whole(times.Nanoseconds), times.Rounds));
        if (challenger != null)
            known.Add(new TunedTime(challenger.Plan.Name, challenger.Threads, Whole(first.Nanoseconds * times.Ratio), times.Rounds));
    }

    // What it takes among others is no reason to go on another time: without it the time alone counts.
    private void AddCrowded(int sample, TuningCandidate thin, long until)
    {
        int at = _times[sample].FindIndex(t => t.Is(thin.Plan.Plan.Name, thin.Plan.Threads));
        if (at >= 0 && _times[sample][at].Crowded == 0 && timer.Crowd(thin, crowd, until) is { } ratio)
            _times[sample][at] = _times[sample][at] with { Crowded = Whole(_times[sample][at].Nanoseconds * ratio) };
    }

    private int[] Pending(ChosenPlan plan) => [.. Enumerable.Range(0, samples.Count).Where(i => !_fails[i] && !_times[i].Exists(t => t.Is(plan.Plan.Name, plan.Threads)))];

    private IEnumerable<int> Steps() => candidates.SelectMany(Pending);

    private int Known() => (samples.Count * candidates.Count) - Steps().Count();

    private static long Share(long until, int parts)
    {
        long now = Stopwatch.GetTimestamp();
        return now + (Math.Max(0, until - now) / parts);
    }

    private static long Whole(double nanoseconds) => Math.Max(1, (long)nanoseconds);
}
