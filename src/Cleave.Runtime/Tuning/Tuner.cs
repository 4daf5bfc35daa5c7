using System;
using System.Collections.Generic;
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
    // What was tried in vain.
    private readonly HashSet<(int Sample, ChosenPlan Way)> _fails = [];
    // What it goes on with, by sample.
    private readonly TunedRequest?[] _before = new TunedRequest?[samples.Count];
    // What was compared less often is measured again.
    private int _leastRounds;

    /// <summary>What could not be measured, and why.</summary>
    public IReadOnlyList<string> Refused => _refused;

    private ChosenPlan First => candidates[0];

    /// <summary>Measures until all is known or the time is over: first what is not known at all, then what an earlier tuning, or this one, had little time for.</summary>
    /// <param name="machine">This machine.</param>
    /// <param name="known">What was measured before; null: nothing.</param>
    /// <param name="budget">How long.</param>
    /// <exception cref="CleaveException">The way that would run without tuning cannot be opened.</exception>
    public TuningSection Run(MachineSignature machine, TuningSection? known, TimeSpan budget)
    {
        long deadline = timer.After(budget);
        TuningSection before = (known ?? new TuningSection(machine, definition.Hash, false, [])).For(TunedPlans.Of(definition));
        for (int i = 0; i < samples.Count; i++)
        {
            _before[i] = before.Requests.FirstOrDefault(samples[i].Is);
            _times[i].AddRange(Comparable(_before[i]?.Times));
        }
        TuningCandidate? reference = null;
        try
        {
            foreach (int rounds in (ReadOnlySpan<int>)[1, PairTimer.Enough])
            {
                _leastRounds = rounds;
                if (!Steps().Any() || timer.Now >= deadline)
                    continue;
                reference ??= new TuningCandidate(definition, options, First);
                if (candidates.Count == 1)
                    Measure(reference, null, deadline);
                for (int i = 1; i < candidates.Count; i++)
                    Challenge(reference, candidates[i], Part(deadline, candidates.Count - i));
            }
        }
        finally
        {
            reference?.Dispose();
        }
        TunedRequest[] measured = [.. samples.Select((s, i) => (_before[i] ?? s.Unmeasured) with { Times = [.. _times[i]] }).Where(static r => r.Times.Count > 0)];
        // Requests that an earlier tuning measured, of other sizes, are still true.
        IEnumerable<TunedRequest> others = before.Requests.Where(r => !measured.Any(r.IsAlike) && !_before.Contains(r));
        return before with
        {
            IsComplete = IsComplete(),
            Requests = [.. measured, .. others],
        };
    }

    // All are ratios to the time of the first way. Where that is not known, they cannot be put beside what is measured now.
    private IEnumerable<TunedTime> Comparable(IReadOnlyList<TunedTime>? times) => times is not null && times.Any(t => Is(t, First)) ? times : [];

    private void Challenge(TuningCandidate reference, ChosenPlan plan, long until)
    {
        if (Pending(plan).Length == 0 || timer.Now >= until)
            return;
        TuningCandidate challenger;
        try
        {
            challenger = new(definition, options, plan);
        }
        catch (CleaveException e)
        {
            _refused.Add(plan.Words + ": " + e.Message);
            _fails.UnionWith(Enumerable.Range(0, samples.Count).Select(i => (i, plan)));
            return;
        }
        using (challenger)
            Measure(reference, challenger, until);
    }

    // Every sample where the challenger, or without one the reference, is not known.
    private void Measure(TuningCandidate reference, TuningCandidate? challenger, long until)
    {
        ChosenPlan way = (challenger ?? reference).Plan;
        int[] pending = Pending(way);
        for (int i = 0; i < pending.Length; i++)
        {
            TuningSample sample = samples[pending[i]];
            long end = Part(until, pending.Length - i);
            if (timer.Now >= end)
                return;
            progress?.Report(new TuningStep(way.Words, sample.Unmeasured.Words, Known(), samples.Count * candidates.Count));
            try
            {
                reference.Take(sample);
                challenger?.Take(sample);
                TuningCandidate? thin = crowd > 1 ? Array.Find([challenger, reference], static c => c?.Plan is { Plan.IsSplit: false, Threads: [1] }) : null;
                if (timer.Compare(reference, challenger, thin is null ? end : Share(end, 2)) is { } times)
                    Add(pending[i], challenger?.Plan, times);
                if (thin != null)
                    AddCrowded(pending[i], thin, end);
            }
            catch (CleaveException e)
            {
                // Where the first way refuses it, there is nothing to compare the others with.
                bool isFirst = challenger is null || reference.HasFailed;
                _fails.Add((pending[i], isFirst ? First : way));
                _refused.Add(sample.Unmeasured.Words + ": " + (isFirst ? "" : way.Words + ": ") + e.Message);
            }
        }
    }

    // The time of the first way is that of the comparison with the most turns, which all ratios are applied to.
    private void Add(int sample, ChosenPlan? challenger, PairTimes times)
    {
        List<TunedTime> known = _times[sample];
        int first = known.FindIndex(t => Is(t, First));
        if (first < 0)
            known.Insert(first = 0, new TunedTime(First.Plan.Name, First.Threads, Whole(times.Nanoseconds), times.Rounds));
        else if (known[first].Rounds < Math.Min(times.Rounds, PairTimer.Enough))
            Rescale(known, first, times);
        if (challenger is null)
            return;
        TunedTime measured = new(challenger.Plan.Name, challenger.Threads, Whole(known[first].Nanoseconds * times.Ratio), times.Rounds);
        int at = known.FindIndex(t => Is(t, challenger));
        if (at < 0)
            known.Add(measured);
        else if (known[at].Rounds < times.Rounds)
            known[at] = measured.CrowdedAs(known[at]);
    }

    private static void Rescale(List<TunedTime> known, int first, PairTimes times)
    {
        double factor = times.Nanoseconds / known[first].Nanoseconds;
        for (int i = 0; i < known.Count; i++)
            known[i] = known[i].Scaled(factor);
        known[first] = known[first] with { Rounds = times.Rounds };
    }

    // What it takes among others is no reason to go on another time: without it the time alone counts.
    private void AddCrowded(int sample, TuningCandidate thin, long until)
    {
        int at = _times[sample].FindIndex(t => Is(t, thin.Plan));
        if (at >= 0 && _times[sample][at].Crowded == 0 && timer.Crowd(thin, crowd, until) is { } ratio)
            _times[sample][at] = _times[sample][at] with { Crowded = Whole(_times[sample][at].Nanoseconds * ratio) };
    }

    private int[] Pending(ChosenPlan plan)
    {
        // The first way is compared with itself by no one: each challenger measures it again.
        int least = plan == First && candidates.Count > 1 ? 1 : _leastRounds;
        return [.. Enumerable.Range(0, samples.Count).Where(i => !Fails(i, plan) && !_times[i].Exists(t => Is(t, plan) && t.Rounds >= least))];
    }

    private bool Fails(int sample, ChosenPlan plan) => _fails.Contains((sample, plan)) || _fails.Contains((sample, First));

    // Of each sample the first way, and each other one that can run it.
    private bool IsComplete() => Enumerable.Range(0, samples.Count).All(i =>
        candidates.All(plan => _times[i].Exists(t => Is(t, plan)) || (plan != First && _fails.Contains((i, plan)))));

    private IEnumerable<int> Steps() => candidates.SelectMany(Pending);

    private int Known() => (samples.Count * candidates.Count) - Steps().Count();

    // Once all is known: what is measured with more care is finished one by one, so that calls of little time get there, too.
    private long Part(long until, int parts) => Share(until, _leastRounds == 1 ? parts : 1);

    private long Share(long until, int parts)
    {
        long now = timer.Now;
        return now + (Math.Max(0, until - now) / parts);
    }

    private static bool Is(TunedTime time, ChosenPlan plan) => time.Is(plan.Plan.Name, plan.Threads);

    private static long Whole(double nanoseconds) => Math.Max(1, (long)nanoseconds);
}
