using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Generated;

namespace Cleave.Jobs;

/// <summary>The inputs of a job: bound, put into groups, and named where they fail.</summary>
internal static class JobParts
{
    /// <summary>Copies every input into buffers of its own.</summary>
    /// <exception cref="ArgumentException">One is null, or does not fit its shape. Nothing is rented then.</exception>
    public static CallBuffers[] Bind<TInput>(IReadOnlyList<TInput> inputs, Func<TInput, CallBuffers> bind)
    {
        CallBuffers[] parts = new CallBuffers[inputs.Count];
        int bound = 0;
        try
        {
            for (; bound < parts.Length; bound++)
                parts[bound] = bind(inputs[bound] ?? throw new ArgumentException("It is null.", nameof(inputs)));
            return parts;
        }
        catch (Exception e)
        {
            foreach (CallBuffers part in parts.AsSpan(0, bound))
                part.Release(part.Generation);
            if (e is ArgumentException wrong)
                throw Wrong(bound, wrong);
            throw;
        }
    }

    /// <summary>The positions of those that can share a schedule: of equal dimensions, in groups of equal size as far as possible.</summary>
    public static int[][] Group(CallBuffers[] parts, int most)
    {
        List<(int[] Dims, List<int> Positions)> alike = [];
        for (int i = 0; i < parts.Length; i++)
        {
            int at = most == 1 ? -1 : alike.FindIndex(a => a.Dims.AsSpan().SequenceEqual(parts[i].Dims));
            if (at < 0)
                alike.Add((parts[i].Dims, [i]));
            else
                alike[at].Positions.Add(i);
        }
        return [.. alike.SelectMany(a => Cut(a.Positions, (a.Positions.Count + most - 1) / most))];
    }

    /// <summary>What the job throws for the failure of a part.</summary>
    public static Exception Named(string model, int position, int parts, Exception cause) => cause is ArgumentException wrong
        ? Wrong(position, wrong)
        : new CleaveException(Rules.PartFailed, cause, model, Name(position), parts.ToString(CultureInfo.InvariantCulture), cause.Message);

    private static IEnumerable<int[]> Cut(List<int> positions, int pieces)
    {
        for (int i = 0; i < pieces; i++)
        {
            int start = (int)((long)positions.Count * i / pieces);
            yield return [.. positions.GetRange(start, (int)((long)positions.Count * (i + 1) / pieces) - start)];
        }
    }

    // What an ArgumentException adds to its message is added again.
    private static ArgumentException Wrong(int position, ArgumentException cause) =>
        new(Name(position) + ": " + new ArgumentException(cause.Message).Message, cause.ParamName, cause);

    private static string Name(int position) => "inputs[" + position.ToString(CultureInfo.InvariantCulture) + "]";
}
