using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Diagnostics;
using Cleave.Generated;

namespace Cleave.Jobs;

/// <summary>The inputs of a job: bound, put into groups, and named where they fail.</summary>
internal static class JobParts
{
    /// <summary>Copies every input into buffers of its own.</summary>
    /// <exception cref="ArgumentException">One is null, or does not fit its shape. Nothing is rented then.</exception>
    public static TBuffers[] Bind<TInput, TBuffers>(IReadOnlyList<TInput> inputs, Func<TInput, TBuffers> bind)
        where TBuffers : RequestBuffers
    {
        TBuffers[] parts = new TBuffers[inputs.Count];
        int bound = 0;
        try
        {
            for (; bound < parts.Length; bound++)
                parts[bound] = bind(inputs[bound] ?? throw new ArgumentException("It is null.", nameof(inputs)));
            return parts;
        }
        catch (Exception e)
        {
            foreach (TBuffers part in parts.AsSpan(0, bound))
                part.Release(part.Generation);
            if (e is ArgumentException wrong)
                throw Wrong(bound, wrong);
            throw;
        }
    }

    /// <summary>The positions of those of equal dimensions, by the first of each; those within by position.</summary>
    public static List<int[]> Alike(CallBuffers[] parts)
    {
        Dictionary<int[], List<int>> byDims = new(DimensionsComparer.Instance);
        List<List<int>> alike = [];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!byDims.TryGetValue(parts[i].Dims, out List<int>? positions))
            {
                byDims.Add(parts[i].Dims, positions = []);
                alike.Add(positions);
            }
            positions.Add(i);
        }
        return alike.ConvertAll(static positions => positions.ToArray());
    }

    /// <summary>The positions of those that share a schedule of lanes: of equal dimensions, in groups of equal size as far as possible.</summary>
    public static JobUnit[] Group(CallBuffers[] parts, int most) =>
        [.. Alike(parts).SelectMany(alike => Cut(alike, (alike.Length + most - 1) / most)).Select(static group => new JobUnit(group, Threads: 1))];

    /// <summary>What the job throws for the failure of a part.</summary>
    public static Exception Named(string model, int position, int parts, Exception cause) => cause is ArgumentException wrong
        ? Wrong(position, wrong)
        : new CleaveException(Rules.PartFailed, cause, model, Name(position), parts.ToString(CultureInfo.InvariantCulture), cause.Message);

    private static IEnumerable<int[]> Cut(int[] positions, int pieces)
    {
        for (int i = 0; i < pieces; i++)
        {
            yield return positions[(int)((long)positions.Length * i / pieces)..(int)((long)positions.Length * (i + 1) / pieces)];
        }
    }

    private static ArgumentException Wrong(int position, ArgumentException cause)
    {
        // The name of the parameter ends its message, and would end this one's twice.
        string ending = new ArgumentException(":", cause.ParamName).Message[1..];
        string message = ending.Length > 0 && cause.Message.EndsWith(ending, StringComparison.Ordinal) ? cause.Message[..^ending.Length] : cause.Message;
        return new ArgumentException(Name(position) + ": " + message, cause.ParamName, cause);
    }

    private static string Name(int position) => "inputs[" + position.ToString(CultureInfo.InvariantCulture) + "]";
}
