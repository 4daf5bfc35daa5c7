using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.Core.Tuning;

/// <summary>What makes times comparable: they say nothing about another processor, number of cores or release of ONNX Runtime.</summary>
/// <param name="Processor">The processor's name, as the system gives it.</param>
/// <param name="Cores">The cores that the runner may use.</param>
/// <param name="OnnxRuntime">The release of ONNX Runtime.</param>
internal sealed record MachineSignature(string Processor, int Cores, string OnnxRuntime)
{
    /// <summary>Floats of 16 bits that are computed in 32.</summary>
    public const string Widened = "widened";

    /// <summary>In which precision it was measured: <see cref="Widened"/>, or empty where the model is as published. The same model is another one then.</summary>
    public string Precision { get; init; } = "";

    /// <summary>For messages.</summary>
    public string Words => string.Format(CultureInfo.InvariantCulture, "{0}, {1} {2}, ONNX Runtime {3}", Processor, Cores, Cores == 1 ? "core" : "cores", OnnxRuntime) + (Precision.Length > 0 ? ", " + Precision : "");
}

/// <summary>What was measured of one model on one kind of machine: a section of the tuning file (docs/tuning.md). Immutable.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Hash">The hash of the model's graph.</param>
/// <param name="IsComplete">Whether everything was measured that was to be.</param>
/// <param name="Requests">The sizes of requests, in the order in which they were measured.</param>
internal sealed record TuningSection(MachineSignature Machine, string Hash, bool IsComplete, IReadOnlyList<TunedRequest> Requests) : IMachineSection
{
    /// <summary>The profile of the machine's accelerator, line by line (docs/placement.md); empty: it was not measured.</summary>
    public IReadOnlyList<string> Accelerator { get; init; } = [];

    /// <summary>The splits that were measured. Those that an older file does not tell are not known.</summary>
    public IReadOnlyList<TunedPlan> Plans { get; init; } = [];

    /// <summary>Whether only the accelerator was measured: that says nothing of the CPU, and holds for any graph.</summary>
    public bool IsOfAccelerator => Requests.Count == 0 && Accelerator.Count > 0;

    /// <summary>
    /// The same for a build that has these splits: without what was measured of others of the same name. Of a request whose first way is such a one nothing is left, as
    /// all others were compared with that.
    /// </summary>
    public TuningSection For(IReadOnlyList<TunedPlan> splits)
    {
        HashSet<string> others = new(splits.Where(s => !Plans.Contains(s)).Select(static s => s.Name), StringComparer.Ordinal);
        bool isLess = Requests.Any(r => r.Times.Any(t => others.Contains(t.Plan)));
        return this with
        {
            IsComplete = IsComplete && !isLess,
            Plans = [.. splits, .. Plans.Where(p => splits.All(s => s.Name != p.Name))],
            Requests = !isLess ? Requests : [.. Requests.Where(r => r.Times.Count > 0 && !others.Contains(r.Times[0].Plan))
                .Select(r => r with { Times = [.. r.Times.Where(t => !others.Contains(t.Plan))] })],
        };
    }

    /// <summary>This one, and what another one of the same machine knows more.</summary>
    public TuningSection Beside(TuningSection other)
    {
        IReadOnlyList<string> accelerator = Accelerator.Count > 0 ? Accelerator : other.Accelerator;
        if (other.Hash != Hash)
            return this with { Accelerator = accelerator };
        other = other.For(Plans);
        return this with
        {
            Accelerator = accelerator,
            Plans = other.Plans,
            IsComplete = IsComplete || (other.IsComplete && Requests.All(r => other.Requests.Any(o => r.IsAlike(o) && r.Fills.SequenceEqual(o.Fills, StringComparer.Ordinal)))),
            Requests = [.. Requests.Select(r => other.Requests.FirstOrDefault(r.IsAlike) is { } same ? r.Beside(same) : r), .. other.Requests.Where(o => !Requests.Any(o.IsAlike))],
        };
    }
}

/// <summary>A split that was measured: they are called after their lanes, so another build may have another one of the same name.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Fingerprint">What its parts are.</param>
internal sealed record TunedPlan(string Name, string Fingerprint);

/// <summary>What was measured for requests of one size.</summary>
/// <param name="Names">The dimensions that callers choose.</param>
/// <param name="Sizes">Their sizes.</param>
/// <param name="Times">The ways to run them, in the order in which they were measured.</param>
internal sealed record TunedRequest(IReadOnlyList<string> Names, IReadOnlyList<int> Sizes, IReadOnlyList<TunedTime> Times)
{
    /// <summary>A way with more cores must take less than this part of the time: what gains nothing is not worth the cores, and this was measured with care.</summary>
    public const double Worth = 0.98;

    /// <summary>The inputs of one number that <c>cleave tune</c> was given, as <c>sr=16000</c>, sorted: with others a model may do other work.</summary>
    public IReadOnlyList<string> Fills { get; init; } = [];

    /// <summary>For messages: <c>batch=1,sequence=128</c>.</summary>
    public string Words => Names.Count == 0 ? "every request" : string.Join(",", Names.Select((name, i) => name + "=" + Sizes[i].ToString(CultureInfo.InvariantCulture)));

    /// <summary>The fastest way; one with fewer cores where more gain nothing. Null where nothing was measured.</summary>
    public TunedTime? Best()
    {
        TunedTime? best = null;
        foreach (TunedTime time in Times.OrderBy(t => t.Cores))
        {
            if (best is null || time.Nanoseconds < Worth * best.Nanoseconds)
                best = time;
        }
        return best;
    }

    /// <summary>What was measured of a plan with these threads; null where nothing was.</summary>
    public TunedTime? Find(string plan, IReadOnlyList<int> threads) => Times.FirstOrDefault(t => t.Is(plan, threads));

    /// <summary>Whether it is about requests of the same size.</summary>
    public bool IsAlike(TunedRequest other) => Sizes.SequenceEqual(other.Sizes) && Names.SequenceEqual(other.Names);

    /// <summary>
    /// These times, and those of another measurement of the same size: of ways that are not known here, or that were compared more often there. They are as many times as long as the first
    /// one here as they were there. Where that one is not known there, or it was of other inputs, nothing of it can be compared.
    /// </summary>
    public TunedRequest Beside(TunedRequest other)
    {
        if (Times.Count == 0)
            return other;
        if (!Fills.SequenceEqual(other.Fills, StringComparer.Ordinal))
            return this;
        TunedTime first = Times[0];
        if (other.Find(first.Plan, first.Threads) is not { } there)
            return this;
        double factor = (double)first.Nanoseconds / there.Nanoseconds;
        return this with
        {
            Times = [first.CrowdedAs(there), .. Times.Skip(1).Select(t => other.Find(t.Plan, t.Threads) is not { } o ? t : o.Rounds > t.Rounds ? o.Scaled(factor).CrowdedAs(t) : t.CrowdedAs(o)),
                .. other.Times.Where(o => Find(o.Plan, o.Threads) is null).Select(o => o.Scaled(factor))],
        };
    }
}

/// <summary>How long a request takes in one way to run it.</summary>
/// <param name="Plan">The name of the plan.</param>
/// <param name="Threads">The threads of each lane.</param>
/// <param name="Nanoseconds">The median.</param>
/// <param name="Rounds">How often it was compared with the others.</param>
internal sealed record TunedTime(string Plan, IReadOnlyList<int> Threads, long Nanoseconds, int Rounds)
{
    /// <summary>
    /// How many nanoseconds each takes while as many run at once as the machine has cores: they share the memory, and cores that all work are slower (Packrat,
    /// appendix A). 0: not measured.
    /// </summary>
    public long Crowded { get; init; }

    public int Cores => Threads.Sum();

    /// <summary>As <c>TwoLanes 1+1</c>.</summary>
    public string Words => Plan + " " + string.Join("+", Threads.Select(t => t.ToString(CultureInfo.InvariantCulture)));

    /// <summary>So many times as long.</summary>
    public TunedTime Scaled(double factor) => this with { Nanoseconds = Math.Max(1, (long)(Nanoseconds * factor)), Crowded = Crowded == 0 ? 0 : Math.Max(1, (long)(Crowded * factor)) };

    /// <summary>Where it was not measured beside others, as many times slower there as in another measurement of it.</summary>
    public TunedTime CrowdedAs(TunedTime other) => Crowded > 0 || other.Crowded == 0 ? this : this with { Crowded = other.Scaled((double)Nanoseconds / other.Nanoseconds).Crowded };

    public bool Is(string plan, IReadOnlyList<int> threads) => Plan == plan && Threads.SequenceEqual(threads);
}
