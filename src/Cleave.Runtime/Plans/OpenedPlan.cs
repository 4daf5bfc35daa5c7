using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx.Slicing;
using Cleave.Cores;
using Cleave.Devices;
using Cleave.Devices.Dispatch;
using Cleave.Elements;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Ledger;
using Cleave.Logging;
using Cleave.Sessions;
using Microsoft.Extensions.Logging;

namespace Cleave.Plans;

/// <summary>A plan with its sessions. Immutable; the sessions belong to their table.</summary>
/// <param name="Outline">What its lanes do.</param>
/// <param name="BySegment">The session of each segment; null for those on an accelerator.</param>
/// <param name="Threads">Threads of each lane.</param>
/// <param name="Pins">Where each lane's threads are to run; null: anywhere.</param>
/// <param name="Lease">The processors there, which no other runner is given while this is alive.</param>
internal sealed record OpenedPlan(PlanOutline Outline, SegmentSession?[] BySegment, int[] Threads, ThreadPin[]? Pins, ProcessorLease? Lease)
{
    /// <summary>Those of the segments on the CPU.</summary>
    public SegmentSession[] Sessions { get; } = [.. BySegment.OfType<SegmentSession>().Distinct()];

    /// <summary>By segment: what it reads and writes in its session, which is another segment's; null: all have sessions of their own.</summary>
    public IReadOnlyList<SharedSegment>? Shared { get; init; }

    /// <summary>What it has on an accelerator; null where it is all on the CPU.</summary>
    public DeviceSide? Device { get; init; }

    /// <summary>Whether values between segments have 32 bits where the model has floats of 16.</summary>
    public bool IsWidened { get; init; }

    /// <summary>The cores that a request uses: the lane that launches waits most of the time.</summary>
    public int Cores => Threads.Where((_, lane) => lane != Device?.Outline.Lane).Sum();

    /// <summary>Opens a plan; where ONNX Runtime refuses a part of it, the whole model.</summary>
    public static OpenedPlan Open(
        ModelDefinition definition, RunnerOptions options, ChosenPlan chosen, int cores, SessionTable sessions, List<ProcessorLease> before, ILogger logger)
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
            return OpenExactly(definition, options, chosen, instance: 0, sessions, before, logger);
        }
        catch (CleaveException e) when (e.Id == Rules.SessionFailed.Id && !e.IsOfConfiguration && chosen.Plan.IsSplit && options.Strict != true)
        {
            Log.FellBack(logger, definition.Name, chosen.Plan.Name, e.Message, e);
            sessions.Clear();
            return OpenExactly(definition, options, chosen.Whole(definition.Budgets, cores), instance: 0, sessions, before, logger);
        }
    }

    /// <summary>Why the application's say in its sessions leaves no choice between modes; null where it does.</summary>
    public string? WhyOnly
    {
        get
        {
            for (int i = 0; i < BySegment.Length; i++)
            {
                if (BySegment[i] is not { } session)
                    continue;
                if (session.CopiesInputsWhenBound)
                    return "ConfigureSession put it on another device";
                if (session.Threads != Threads[Outline.LaneOf[i]])
                    return "ConfigureSession set its threads";
            }
            return null;
        }
    }

    /// <summary>Whether there is a core for each thread.</summary>
    public bool HasCores(int cores) => Cores <= cores;

    public static string Words(int[] threads) => string.Join(' ', threads.Select(static t => t.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Buffers of what the segments write, for one call.</summary>
    public ResultSlot[] NewResults(OutputSlot[] outputs)
    {
        ResultSlot[] results = new ResultSlot[Outline.Results.Length];
        for (int i = 0; i < results.Length; i++)
        {
            Value value = Outline.Results[i];
            results[i] = new ResultSlot(i, IsWidened && i >= outputs.Length ? value.Widened() : value, i < outputs.Length ? outputs[i] : null, Outline.Readers[i]);
        }
        return results;
    }

    /// <summary>The segments bound to one call's buffers.</summary>
    public SegmentCall?[] Bind(InputSlot[] inputs, ResultSlot[] results, ResultPredictions predictions)
    {
        SegmentCall?[] calls = new SegmentCall?[BySegment.Length];
        for (int i = 0; i < calls.Length; i++)
        {
            if (BySegment[i] is not { } session)
                continue;
            ITensorSource[] reads = Array.ConvertAll(Outline.Reads[i], source => source >= 0 ? (ITensorSource)results[source] : inputs[~source]);
            ResultSlot[] writes = Array.ConvertAll(Outline.Writes[i], w => results[w]);
            calls[i] = Shared is null ? new SegmentCall(session, reads, writes, predictions)
                : new SegmentCall(session, reads, writes, predictions, Outline.Plan.Segments[Shared[i].Of], Shared[i]);
        }
        return calls;
    }

    /// <summary>Opens a plan; another instance has threads of its own.</summary>
    /// <param name="definition">The model.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="chosen">The plan.</param>
    /// <param name="instance">Its number.</param>
    /// <param name="sessions">Opens the sessions.</param>
    /// <param name="before">The processors of the sessions whose place these take.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="CleaveException">ONNX Runtime refuses a part of it.</exception>
    public static OpenedPlan OpenExactly(
        ModelDefinition definition, RunnerOptions options, ChosenPlan chosen, int instance, SessionTable sessions, List<ProcessorLease> before, ILogger logger)
    {
        PlanOutline outline = PlanOutline.Read(chosen.Plan, definition);
        CoreLedger ledger = options.Ledger ?? CoreLedger.Process;
        // Of a single lane the caller's thread is the first, and a user's thread is never pinned: then none is.
        ProcessorLease? lease = options.Pinning != true || outline.Lanes.Length == 1 ? null
            : Processors(ledger, definition, options, chosen, before, logger);
        ThreadPin[]? pins = lease is null ? null : Array.ConvertAll(lease.Lanes, p => new ThreadPin(p, logger));
        try
        {
            SegmentSession[] opened = new SegmentSession[chosen.Plan.Segments.Length];
            IReadOnlyList<SharedSegment>? shared = sessions.Factory.Shared(chosen.Plan);
            for (int i = 0; i < opened.Length; i++)
            {
                int lane = outline.LaneOf[i];
                opened[i] = sessions.Get(chosen.Plan.Segments[shared?[i].Of ?? i], chosen.Threads[lane], instance, pins?[lane]);
            }
            return new OpenedPlan(outline, opened, chosen.Threads, pins, lease) { Shared = shared, IsWidened = sessions.Factory.Precision.Halves != null };
        }
        catch
        {
            if (lease != null)
                ledger.Pinned.Return(lease);
            throw;
        }
    }

    /// <summary>Opens a plan of which a part is on an accelerator. Its threads are not pinned.</summary>
    /// <exception cref="DeviceException">There is no room for it, or the device was lost.</exception>
    /// <exception cref="CleaveException">ONNX Runtime refuses a part of it (CLV4007), or it does not run through (CLV4010).</exception>
    public static OpenedPlan OpenOn(IDevice device, ModelDefinition definition, DevicePlan chosen, SessionTable sessions)
    {
        PlanOutline outline = PlanOutline.Read(chosen.Plan, definition);
        DeviceSide side = DeviceSide.Open(device, new DeviceOutline(outline), sessions.Factory);
        try
        {
            SegmentSession?[] opened = new SegmentSession?[chosen.Plan.Segments.Length];
            IReadOnlyList<SharedSegment>? shared = sessions.Factory.Shared(chosen.Plan);
            for (int i = 0; i < opened.Length; i++)
            {
                if (!chosen.Plan.Segments[i].IsOnDevice)
                    opened[i] = sessions.Get(chosen.Plan.Segments[shared?[i].Of ?? i], chosen.Threads[outline.LaneOf[i]], instance: 0, pin: null);
            }
            return new OpenedPlan(outline, opened, chosen.Threads, null, null) { Device = side, Shared = shared };
        }
        catch
        {
            side.Dispose();
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

    private static ProcessorLease? Processors(CoreLedger ledger, ModelDefinition definition, RunnerOptions options, ChosenPlan chosen, List<ProcessorLease> before, ILogger logger)
    {
        ProcessorLease? lease = ledger.Pinned.Take(Topology.Read(options.Files, ledger.Allowed()), chosen.Threads, before);
        if (lease is null)
            Log.ProcessorsTaken(logger, definition.Name, chosen.Cores);
        return lease;
    }
}
