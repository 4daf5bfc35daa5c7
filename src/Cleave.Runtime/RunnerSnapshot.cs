using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Cleave.Core.Diagnostics;
using Cleave.Ledger;

namespace Cleave;

/// <summary>An open runner in a <see cref="LedgerSnapshot"/>. Immutable.</summary>
/// <remarks>
/// All counts and averages begin anew when the runner opens its model again: after a reload, for more cores or other sessions, or with a plan that tuning found. Until the requests
/// are over that began before, there are two of it. The counters of the meter <c>Cleave</c> go on.
/// </remarks>
public sealed class RunnerSnapshot
{
    private readonly bool _mayBatch;

    internal RunnerSnapshot(OpenRunner runner)
    {
        Model = runner.Model;
        Hint = runner.Modes.Hint;
        _mayBatch = runner.Queue != null;
        Waiting = runner.Waiting;
        Batches = runner.Counts?.Batches ?? 0;
        BatchedRequests = runner.Counts?.Requests ?? 0;
        DividedBatches = runner.Divider?.Divided ?? 0;
        if (runner.Counts is { } counts)
        {
            MeanBatchTime = counts.RanFor / Math.Max(1, Batches);
            MeanWait = counts.WaitedFor / Math.Max(1, counts.TakenRequests);
        }
        ModeSnapshot[] modes = new ModeSnapshot[runner.Modes.Count];
        for (int i = 0; i < modes.Length; i++)
            modes[i] = new ModeSnapshot(runner, i);
        Modes = Array.AsReadOnly(modes);
        LastMode = modes[runner.Modes.Last];
    }

    /// <summary>The model's name, or that of the runner where it has one of its own.</summary>
    public string Model { get; }

    /// <summary>What its requests are for.</summary>
    public RunnerHint Hint { get; }

    /// <summary>The ways in which it may run the model, by falling cores.</summary>
    public IReadOnlyList<ModeSnapshot> Modes { get; }

    /// <summary>The one that was chosen for the last request; before there is one, the planned one.</summary>
    public ModeSnapshot LastMode { get; }

    /// <summary>
    /// Requests that wait for a core or a thread of the runner: those that may run together with others (<see cref="RunnerOptions.Batching"/>), at most
    /// <see cref="BatchingOptions.MaxWaiting"/> in the queue and, with <see cref="FullQueue.Wait"/>, those whose threads are blocked until there is room; and all others that <c>RunAsync</c> and <c>RunManyAsync</c> were given, which have no limit. A job is one, until its first part begins.
    /// </summary>
    public int Waiting { get; }

    /// <summary>How many batches of two requests and more ran.</summary>
    public long Batches { get; }

    /// <summary>The requests in them.</summary>
    public long BatchedRequests { get; }

    /// <summary>How long such a batch took on average.</summary>
    public TimeSpan MeanBatchTime { get; }

    /// <summary>How long a request that may run together with others waited on average, outside a full queue too, until it was taken, into a batch or alone; those that found a core free and ran on their own thread are not counted.</summary>
    public TimeSpan MeanWait { get; }

    /// <summary>How many batches of single requests were divided over several instances of the model (<see cref="RunnerOptions.Dividing"/>).</summary>
    public long DividedBatches { get; }

    /// <summary>A line for the runner, and one for each mode; <c>&gt;</c> is before the mode that was chosen last.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        Write(text);
        return text.ToString(1, text.Length - 1);
    }

    internal void Write(StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{OneLine.Of(Model)} ({Hint})");
        if (_mayBatch || Waiting > 0 || DividedBatches > 0)
            text.Append(CultureInfo.InvariantCulture, $": {LedgerSnapshot.Count(Waiting, "request")} waiting");
        if (_mayBatch)
        {
            text.Append(CultureInfo.InvariantCulture, $", {Batched(Batches)}");
            if (Batches > 0)
                text.Append(CultureInfo.InvariantCulture, $" of {(double)BatchedRequests / Batches:0.0} requests and {MeanBatchTime.TotalMilliseconds:0.0} ms on average, after waiting for {MeanWait.TotalMilliseconds:0.0} ms");
        }
        if (DividedBatches > 0)
            text.Append(CultureInfo.InvariantCulture, $", {Batched(DividedBatches)} divided");
        foreach (ModeSnapshot mode in Modes)
            text.Append(ReferenceEquals(mode, LastMode) ? "\n> " : "\n  ").Append(mode);
    }

    private static string Batched(long count) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "batch" : "batches")}");
}
