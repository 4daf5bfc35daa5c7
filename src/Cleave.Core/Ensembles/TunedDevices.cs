using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Ensembles;

/// <summary>What was measured of an ensemble on some devices of a machine. Immutable.</summary>
/// <param name="Names">The devices, as the item lists them; <c>cpu</c> may be one.</param>
/// <param name="IsComplete">Whether everything was measured that was to be.</param>
/// <param name="Members">The members, in the ensemble's order.</param>
/// <param name="Tried">The matrices that were deployed, in that order; their cells device by device, with a count of 0 where the member is not.</param>
internal sealed record TunedDevices(IReadOnlyList<string> Names, bool IsComplete, IReadOnlyList<TunedDeviceMember> Members, IReadOnlyList<TunedMatrix> Tried)
{
    /// <summary>What the fastest matrix was found to be beside the untuned one; null: it was not compared.</summary>
    public TunedChoice? Chosen { get; init; }

    /// <summary>The best of all that ran, by the comparison with the untuned one where there was one; null where none did. Of equal ones the first.</summary>
    public TunedMatrix? Best => Chosen?.Matrix ?? Tried.Where(static t => t.Ran).OrderBy(static t => t.Nanoseconds).FirstOrDefault();

    /// <summary>Whether it is of these devices, in this order.</summary>
    public bool IsOf(IEnumerable<string> names) => Names.SequenceEqual(names, StringComparer.Ordinal);

    /// <summary>A deployed matrix of these devices.</summary>
    public AllocationMatrix Matrix(TunedMatrix tried) => AllocationMatrix.Of(Names.Count, Members.Count, tried.Cells);
}

/// <summary>A member on the accelerators.</summary>
/// <param name="Memory">What it takes there.</param>
/// <param name="Times">What an instance takes for a batch, alone.</param>
internal sealed record TunedDeviceMember(MemberMemory Memory, IReadOnlyList<TunedDeviceCell> Times);

/// <summary>What the only instance takes for a batch, where batches overlap.</summary>
/// <param name="Device">The place of the device.</param>
/// <param name="Batch">The samples.</param>
/// <param name="Nanoseconds">The median; 0: it did not run, for want of memory.</param>
internal sealed record TunedDeviceCell(int Device, int Batch, long Nanoseconds);
