using System;

namespace Cleave.Modes;

/// <summary>How long something took lately: a moving average.</summary>
internal static class RecentTime
{
    /// <summary>The average after one more time.</summary>
    // A thread that lost its core for a while takes many times as long: that says little about what it ran.
    public static double Next(double recent, double time) => recent + ((Math.Min(time, 2 * recent) - recent) / 4);
}
