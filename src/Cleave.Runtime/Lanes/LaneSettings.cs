using System;
using Cleave.Ledger;

namespace Cleave.Lanes;

/// <summary>What the lanes of a plan have in common.</summary>
/// <param name="Ledger">Knows how many cores are used.</param>
/// <param name="HasCores">Whether there is a core for each thread of the lanes.</param>
/// <param name="Timeline">Where it is recorded what runs when; null: nowhere.</param>
internal sealed record LaneSettings(CoreLedger Ledger, bool HasCores, Timeline? Timeline)
{
    /// <summary>How long a lane waits before it looks whether any lane goes on; at the second time in vain, the request fails.</summary>
    public TimeSpan StallStep { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether a lane that waits may keep its core busy: nobody else is to need it.</summary>
    public bool MaySpin => HasCores && Ledger.HasRoom;
}
