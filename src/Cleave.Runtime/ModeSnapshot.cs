using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Plans;

namespace Cleave;

/// <summary>A way in which a runner may run its model, in a <see cref="RunnerSnapshot"/>. Immutable.</summary>
public sealed class ModeSnapshot
{
    internal ModeSnapshot(OpenRunner runner, int index)
    {
        RunnerMode[] instances = runner.Modes.Instances(index);
        RunnerMode? mode = instances.FirstOrDefault();
        ChosenPlan wanted = runner.Modes.Wanted(index);
        Plan = mode?.Plan.Outline.Plan.Name ?? wanted.Plan.Name;
        int[] threads = mode?.Plan.Threads ?? wanted.Threads;
        Threads = Array.AsReadOnly([.. threads]);
        Cores = mode?.Cores ?? wanted.Cores;
        Name = RunnerMode.WordsOf(Plan, threads);
        IsOpen = mode != null;
        WhyNotOpen = IsOpen ? null : runner.Modes.WhyNotOpen(index);
        Instances = instances.Length;
        Requests = instances.Sum(static m => m.Requests);
        Running = instances.Sum(static m => m.Running);
        RelativeTime = runner.Modes.Count == 1 ? null : runner.Times.Relative(index);
    }

    /// <summary>For people, and the value of the counters' tag <c>mode</c>: <c>Whole with 2 threads</c>.</summary>
    public string Name { get; }

    /// <summary>The plan; <c>Whole</c> where the model runs as one session.</summary>
    public string Plan { get; }

    /// <summary>The threads of each lane.</summary>
    public IReadOnlyList<int> Threads { get; }

    /// <summary>The cores that a request in it uses.</summary>
    public int Cores { get; }

    /// <summary>Whether it has its sessions.</summary>
    public bool IsOpen { get; }

    /// <summary>How many times it is open: so many requests have their cores in it at once.</summary>
    public int Instances { get; }

    /// <summary>Why it has none; null where it has.</summary>
    public string? WhyNotOpen { get; }

    /// <summary>How many requests began in it.</summary>
    /// <remarks>Those that run together (in a batch, or as parts of a job) count each, as soon as they are done; if that fails and they run one by one, one more. A divided batch counts once for each slice.</remarks>
    public long Requests { get; }

    /// <summary>How many run in it now; those that run together are one.</summary>
    public int Running { get; }

    /// <summary>
    /// How long requests take in it, relative to the runner's mode of one thread, by the last measurements on requests that were alone; of several
    /// sizes the middle one. Null where that was not measured.
    /// </summary>
    public double? RelativeTime { get; }

    /// <summary>All of it on one line.</summary>
    public override string ToString()
    {
        string start = OneLine.Of(Name) + ", " + LedgerSnapshot.Count(Cores, "core") + (Instances > 1 ? " each, " + LedgerSnapshot.Count(Instances, "instance") : "") + ": ";
        if (WhyNotOpen is { } why)
            return start + "not open, " + OneLine.Of(why);
        string requests = string.Create(CultureInfo.InvariantCulture, $"{start}{LedgerSnapshot.Count(Requests, "request")}, {Running} running");
        return RelativeTime is { } time && Cores > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{requests}, {time:0.00} of the time of one thread")
            : requests;
    }
}
