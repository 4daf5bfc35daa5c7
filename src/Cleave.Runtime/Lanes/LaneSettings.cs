using System;
using Cleave.Calls;

namespace Cleave.Lanes;

/// <summary>What the lanes of a runner have in common.</summary>
/// <param name="Gate">Knows how many requests are in flight.</param>
/// <param name="HasCores">Whether there is a core for each lane.</param>
/// <param name="Timeline">Where it is recorded what runs when; null: nowhere.</param>
internal sealed record LaneSettings(RunGate Gate, bool HasCores, Timeline? Timeline)
{
    /// <summary>How long a lane waits before it looks whether any lane goes on; at the second time in vain, the request fails.</summary>
    public TimeSpan StallStep { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether a lane that waits may keep its core busy: nobody else is to need it.</summary>
    public bool MaySpin => HasCores && Gate.Inside <= 1;
}
