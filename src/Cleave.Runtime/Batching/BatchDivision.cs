using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Batching;

namespace Cleave.Batching;

/// <summary>How the batch of a request is divided. Immutable.</summary>
/// <param name="Threads">Of each slice, falling.</param>
/// <param name="Samples">Of each slice.</param>
/// <param name="Symbol">The place of the batch among a request's dimensions.</param>
/// <param name="Gain">How many times as long the best single session is predicted to take; null where nobody asked.</param>
internal sealed record BatchDivision(int[] Threads, int[] Samples, int Symbol, double? Gain)
{
    /// <summary>The cores that it takes.</summary>
    public int Cores { get; } = Threads.Sum();

    /// <summary>In slices of one thread each, as many as there are cores, and equal as far as possible.</summary>
    public static BatchDivision Equal(int symbol, int samples, int cores)
    {
        int slices = Math.Min(cores, samples);
        return new BatchDivision([.. Enumerable.Repeat(1, slices)], [.. Enumerable.Range(0, slices).Select(i => (samples + slices - 1 - i) / slices)], symbol, null);
    }

    /// <param name="plan">Of pieces.</param>
    /// <param name="symbol">The place of the batch among a request's dimensions.</param>
    /// <param name="piece">Samples of a piece.</param>
    /// <param name="samples">All of them; what is less than a piece goes to the last slice.</param>
    /// <param name="gain">What is predicted.</param>
    public static BatchDivision Of(InstancePlan plan, int symbol, int piece, int samples, double gain)
    {
        List<int> threads = [], each = [];
        foreach (InstanceGroup group in plan.Groups)
        {
            threads.AddRange(Enumerable.Repeat(group.Threads, group.Count));
            each.AddRange(Enumerable.Repeat(group.Batch * piece, group.Count));
        }
        each[^1] += samples - each.Sum();
        return new BatchDivision([.. threads], [.. each], symbol, gain);
    }

    /// <summary>Instances x ⟨threads, samples⟩: <c>2x&lt;1,8&gt;</c>.</summary>
    public override string ToString() => string.Join(" + ", Threads.Zip(Samples).GroupBy(static s => s)
        .Select(static g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()}x<{g.Key.First},{g.Key.Second}>")));
}
