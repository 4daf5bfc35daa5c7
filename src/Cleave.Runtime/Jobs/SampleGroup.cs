using System;
using System.Threading;
using Cleave.Calls;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Modes;

namespace Cleave.Jobs;

/// <summary>Runs one group of samples after another over the lanes of a split plan, the first lane on the calling thread.</summary>
internal sealed class SampleGroup(RunnerEngine engine, GroupSchedule schedule) : IDisposable
{
    private readonly PlanCall _call = new(engine.Plan.Outline, engine.Modes.Planned.LaneSettings, engine.Modes.Planned.Crew, sample: null);

    /// <summary>The place in the group of the sample that failed.</summary>
    public int Failed { get; private set; }

    /// <summary>Runs samples of equal dimensions, no more than <see cref="GroupSchedule.MostSamples"/>.</summary>
    /// <param name="samples">Rented by the caller, who shares them with nobody.</param>
    /// <param name="cancellationToken">Ends the group.</param>
    public void Run(CallBuffers[] samples, CancellationToken cancellationToken)
    {
        Turn turn = engine.Modes.EnterPlanned(cancellationToken);
        engine.Modes.BeginTogether(samples.Length);
        try
        {
            while (!TryRun(samples, cancellationToken))
            {
                // A sample whose shape was mistaken lets ONNX Runtime allocate from here on: at most once for each.
            }
        }
        finally
        {
            engine.Modes.EndTogether(samples.Length);
            engine.Modes.Leave(turn);
        }
        turn.Mode.Count(samples.Length - 1);
        schedule.Learn(_call.BusyOfLanes());
        foreach (CallBuffers sample in samples)
            sample.EndInGroup();
    }

    public void Dispose() => _call.Dispose();

    private bool TryRun(CallBuffers[] samples, CancellationToken cancellationToken)
    {
        BoundPlan[] plans = new BoundPlan[samples.Length];
        for (Failed = 0; Failed < samples.Length; Failed++)
            plans[Failed] = samples[Failed].BeginInGroup();
        try
        {
            _call.RunGroup(Array.ConvertAll(plans, static p => p.Sample), schedule.For(samples.Length), cancellationToken);
            return true;
        }
        catch (Exception e) when (plans[_call.FailedSample].MayBeAboutShapes(e))
        {
            plans[_call.FailedSample].Unsettle(e);
            return false;
        }
        catch
        {
            Failed = _call.FailedSample;
            foreach (BoundPlan plan in plans)
                plan.Trust();
            throw;
        }
    }
}
