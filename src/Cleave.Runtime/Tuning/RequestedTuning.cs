using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Jobs;

namespace Cleave.Tuning;

/// <summary>A tuning that the application asked for, in whichever engine requests go to meanwhile. Thread-safe.</summary>
/// <param name="current">The runner's engine.</param>
/// <param name="bind">Makes a sample a request to an engine.</param>
internal sealed class RequestedTuning<TInput>(CurrentEngine current, Func<RunnerEngine, TInput, CallBuffers> bind)
{
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="budget"/> is not positive.</exception>
    public async Task<TuningResult> RunAsync(TimeSpan budget, IReadOnlyList<TInput> samples, IProgress<TuningStep>? progress, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(budget, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            RunnerEngine engine = current.Enter();
            // Null until its turn has come.
            long? start = null;
            try
            {
                return await RunAsync(engine, budget, samples, progress, () => start = Stopwatch.GetTimestamp(), cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && current.Now != engine)
            {
                // Other weights or other sessions have taken the engine's place: it goes on there, with what is left.
                TimeSpan left = budget - (start is { } began ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero);
                budget = left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1);
            }
        }
    }

    // In the engine that the caller has entered.
    private async Task<TuningResult> RunAsync(
        RunnerEngine engine, TimeSpan budget, IReadOnlyList<TInput> samples, IProgress<TuningStep>? progress, Action began, CancellationToken cancellationToken)
    {
        CallBuffers[] bound = [];
        bool entered = true;
        try
        {
            bound = JobParts.Bind(samples, sample => bind(engine, sample));
            TuningSample[] given = Array.ConvertAll(bound, b => TuningSample.Given(engine.Shapes, b));
            Task<TuningResult> tuned = engine.Tuning.Start(budget, given, progress, began, cancellationToken);
            // From here on the tuning leaves the gate.
            entered = false;
            TuningResult result = await tuned.ConfigureAwait(false);
            return engine.Tuning.IsOutgrown ? await Reopened(result, cancellationToken).ConfigureAwait(false) : result;
        }
        finally
        {
            foreach (CallBuffers sample in bound)
                sample.Release(sample.Generation);
            if (entered)
                engine.Gate.Exit();
        }
    }

    // The best is a plan, or a number of threads, that the runner did not open.
    private async Task<TuningResult> Reopened(TuningResult result, CancellationToken cancellationToken)
    {
        try
        {
            await current.ReopenAsync(cancellationToken).ConfigureAwait(false);
            return result;
        }
        catch (Exception e)
        {
            // Whatever keeps it from that, or whoever: what was measured is kept.
            return result with { Notes = [.. result.Notes, "From the next start on: " + e.Message] };
        }
    }
}
