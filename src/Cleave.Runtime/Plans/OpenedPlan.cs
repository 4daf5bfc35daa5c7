using System;
using System.Globalization;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Diagnostics;
using Cleave.Cores;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Plans;

/// <summary>A plan with its sessions. Immutable; the sessions belong to their table.</summary>
/// <param name="Outline">What its lanes do.</param>
/// <param name="Sessions">The session of each segment.</param>
/// <param name="Threads">Threads of each lane.</param>
/// <param name="Pins">Where each lane's threads are to run; null: anywhere.</param>
/// <param name="Lease">The processors there, which no other runner is given while this is alive.</param>
internal sealed record OpenedPlan(PlanOutline Outline, SegmentSession[] Sessions, int[] Threads, ThreadPin[]? Pins, ProcessorLease? Lease)
{
    /// <summary>Opens a plan; where ONNX Runtime refuses a part of it, the whole model.</summary>
    public static OpenedPlan Open(ModelDefinition definition, RunnerOptions options, ChosenPlan chosen, int cores, SessionTable sessions, ILogger logger)
    {
        if (options.Plan == PlanChoice.Split && !chosen.Plan.IsSplit)
        {
            Log.NoSplit(logger, definition.Name, sessions.CanSplit
                ? "the generated code has none; set Plan=\"Split\" on the model's item and rebuild"
                : "with Slicing off there is one session");
        }
        if (chosen.Needs > cores)
            Log.PlanClamped(logger, definition.Name, chosen.Plan.Name, chosen.Needs, cores, Words(chosen.Threads));
        try
        {
            return OpenExactly(definition, options, chosen, instance: 0, sessions, logger);
        }
        catch (CleaveException e) when (e.Id == Rules.SessionFailed.Id && chosen.Plan.IsSplit && !options.Strict)
        {
            Log.FellBack(logger, definition.Name, chosen.Plan.Name, e.Message, e);
            sessions.Clear();
            return OpenExactly(definition, options, chosen.Whole(definition.Budgets, cores), instance: 0, sessions, logger);
        }
    }

    /// <summary>Why the application's say in its sessions leaves no choice between modes; null where it does.</summary>
    public string? WhyOnly
    {
        get
        {
            for (int i = 0; i < Sessions.Length; i++)
            {
                if (Sessions[i].CopiesInputsWhenBound)
                    return "ConfigureSession put it on another device";
                if (Sessions[i].Threads != Threads[Outline.LaneOf[i]])
                    return "ConfigureSession set its threads";
            }
            return null;
        }
    }

    /// <summary>Whether there is a core for each thread.</summary>
    public bool HasCores(int cores) => Threads.Sum() <= cores;

    public static string Words(int[] threads) => string.Join(' ', threads.Select(static t => t.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Buffers of what the segments write, for one call.</summary>
    public ResultSlot[] NewResults(OutputSlot[] outputs)
    {
        ResultSlot[] results = new ResultSlot[Outline.Results.Length];
        for (int i = 0; i < results.Length; i++)
            results[i] = new ResultSlot(i, Outline.Results[i], i < outputs.Length ? outputs[i] : null, Outline.Readers[i]);
        return results;
    }

    /// <summary>The segments bound to one call's buffers.</summary>
    public SegmentCall[] Bind(InputSlot[] inputs, ResultSlot[] results, ResultPredictions predictions)
    {
        SegmentCall[] calls = new SegmentCall[Sessions.Length];
        for (int i = 0; i < calls.Length; i++)
        {
            ITensorSource[] reads = Array.ConvertAll(Outline.Reads[i], source => source >= 0 ? (ITensorSource)results[source] : inputs[~source]);
            calls[i] = new SegmentCall(Sessions[i], reads, Array.ConvertAll(Outline.Writes[i], w => results[w]), predictions);
        }
        return calls;
    }

    /// <summary>Opens a plan; another instance has threads of its own.</summary>
    /// <exception cref="CleaveException">ONNX Runtime refuses a part of it.</exception>
    public static OpenedPlan OpenExactly(ModelDefinition definition, RunnerOptions options, ChosenPlan chosen, int instance, SessionTable sessions, ILogger logger)
    {
        PlanOutline outline = PlanOutline.Read(chosen.Plan, definition);
        PinnedProcessors pinned = (options.Ledger ?? CoreLedger.Process).Pinned;
        // Of a single lane the caller's thread is the first, and a user's thread is never pinned: then none is.
        ProcessorLease? lease = !options.Pinning || outline.Lanes.Length == 1 ? null
            : options.Processors is { } before ? pinned.Share(before)
            : Processors(pinned, definition, chosen, logger);
        ThreadPin[]? pins = lease is null ? null : Array.ConvertAll(lease.Lanes, p => new ThreadPin(p, logger));
        try
        {
            SegmentSession[] opened = new SegmentSession[chosen.Plan.Segments.Length];
            for (int i = 0; i < opened.Length; i++)
            {
                int lane = outline.LaneOf[i];
                opened[i] = sessions.Get(chosen.Plan.Segments[i], chosen.Threads[lane], instance, pins?[lane]);
            }
            return new OpenedPlan(outline, opened, chosen.Threads, pins, lease);
        }
        catch
        {
            if (lease != null)
                pinned.Return(lease);
            throw;
        }
    }

    /// <summary>Itself, when its prepared sessions are checked: nobody waits for the plan meanwhile, and no request shall.</summary>
    /// <exception cref="CleaveException">Prepared files are not as they should be, and ONNX Runtime refuses the model.</exception>
    public OpenedPlan Checked()
    {
        foreach (SegmentSession session in Sessions)
            session.Check?.Wait();
        return this;
    }

    private static ProcessorLease? Processors(PinnedProcessors pinned, ModelDefinition definition, ChosenPlan chosen, ILogger logger)
    {
        ProcessorLease? lease = pinned.Take(Topology.Read(ProcessFiles.System, AffinityMask.Processors()), chosen.Threads);
        if (lease is null)
            Log.ProcessorsTaken(logger, definition.Name, chosen.Cores);
        return lease;
    }
}
