using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Tuning;

namespace Cleave.Core.Ensembles;

/// <summary>What was measured of one ensemble on one kind of machine (docs/ensembles.md). Immutable.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="IsComplete">Whether everything was measured that was to be.</param>
/// <param name="Members">The members, in the ensemble's order.</param>
/// <param name="Tried">The matrices that were deployed, in that order.</param>
internal sealed record EnsembleTuningSection(MachineSignature Machine, bool IsComplete, IReadOnlyList<TunedMember> Members, IReadOnlyList<TunedMatrix> Tried) : IMachineSection
{
    /// <summary>What the requests were like; null: an older file does not tell.</summary>
    public MeasuredRequests? Requests { get; init; }

    /// <summary>What the fastest matrix was found to be beside the untuned one; null: it was not compared.</summary>
    public TunedChoice? Chosen { get; init; }

    /// <summary>What was measured on devices, one for each list of them.</summary>
    public IReadOnlyList<TunedDevices> Devices { get; init; } = [];

    /// <summary>What was measured on these devices; null: nothing.</summary>
    public TunedDevices? On(IEnumerable<string> names) => Devices.FirstOrDefault(d => d.IsOf(names));

    /// <summary>The same, with this in the place of what was measured on its devices.</summary>
    public EnsembleTuningSection With(TunedDevices devices) => this with
    {
        Devices = [.. Devices.Where(d => !d.IsOf(devices.Names)).Append(devices).OrderBy(static d => string.Join(";", d.Names), StringComparer.Ordinal)],
    };

    /// <summary>The best of all that were deployed, by the comparison with the untuned one where there was one; null where none was deployed. Of equal ones the first.</summary>
    public TunedMatrix? Best => Chosen?.Matrix ?? Tried.OrderBy(static t => t.Nanoseconds).FirstOrDefault();

    /// <summary>Whether it was measured of members with these graphs.</summary>
    public bool IsOf(IEnumerable<string> graphs) => Members.Select(static m => m.Graph).SequenceEqual(graphs, StringComparer.Ordinal);

    /// <summary>Why its times do not count for such requests, as what is said of the file; null: they do.</summary>
    public string? WhyNotOf(MeasuredRequests requests) =>
        Requests is null ? "does not say what requests it was measured with" : Requests.IsLike(requests) ? null : "was measured with " + Requests.Words;
}

/// <summary>What the requests are like that an ensemble is measured with: of others it takes other times.</summary>
/// <param name="Sizes">Of the open dimensions but the batch, as <c>width=256</c>, sorted.</param>
/// <param name="Fills">The inputs of one number, as <c>sr=16000</c>, sorted.</param>
/// <param name="Outputs">What each member is asked for, as the item metadata has it; empty: its own outputs.</param>
internal sealed record MeasuredRequests(IReadOnlyList<string> Sizes, IReadOnlyList<string> Fills, IReadOnlyList<string> Outputs)
{
    /// <summary>For messages.</summary>
    public string Words => Sizes.Count + Fills.Count + Outputs.Count == 0
        ? "no sizes or numbers, and the members' own outputs"
        : string.Join(", ", [.. Sizes, .. Fills, .. Outputs.Count == 0 ? Array.Empty<string>() : ["outputs " + string.Join(" and ", Outputs.Distinct(StringComparer.Ordinal))]]);

    /// <summary>Whether they are equal.</summary>
    public bool IsLike(MeasuredRequests other) =>
        Sizes.SequenceEqual(other.Sizes, StringComparer.Ordinal) && Fills.SequenceEqual(other.Fills, StringComparer.Ordinal) && Outputs.SequenceEqual(other.Outputs, StringComparer.Ordinal);
}

/// <summary>What comparing the fastest of many with the untuned one, in turns, said: the fastest once is partly so by luck.</summary>
/// <param name="Matrix">The better of both.</param>
/// <param name="Untuned">Nanoseconds for each sample untuned, meanwhile.</param>
internal sealed record TunedChoice(TunedMatrix Matrix, long Untuned);

/// <summary>A member.</summary>
/// <param name="Memory">What it takes, by its name.</param>
/// <param name="Graph">The hash of its graph.</param>
/// <param name="Times">What an instance takes for a batch, alone.</param>
internal sealed record TunedMember(MemberMemory Memory, string Graph, IReadOnlyList<TunedCell> Times);

/// <summary>What one instance takes for a batch.</summary>
/// <param name="Threads">Its threads.</param>
/// <param name="Batch">The samples.</param>
/// <param name="Nanoseconds">The median.</param>
internal sealed record TunedCell(int Threads, int Batch, long Nanoseconds);

/// <summary>A matrix that was deployed.</summary>
/// <param name="Cells">On the processor alone by member, otherwise device by device.</param>
/// <param name="Nanoseconds">For each sample, through all members; 0: it did not run on devices, for want of memory.</param>
internal sealed record TunedMatrix(IReadOnlyList<InstanceGroup> Cells, long Nanoseconds)
{
    /// <summary>Whether it ran.</summary>
    public bool Ran => Nanoseconds > 0;

    /// <summary>Samples a second.</summary>
    public double Throughput => Ran ? 1e9 / Nanoseconds : 0;
}
