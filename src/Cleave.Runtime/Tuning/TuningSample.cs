using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Tuning;
using Cleave.Elements;
using Cleave.Generated;

namespace Cleave.Tuning;

/// <summary>A request to measure with: its dimensions, and how its inputs are filled.</summary>
/// <param name="Names">The dimensions that callers choose.</param>
/// <param name="Dims">Their sizes.</param>
/// <param name="Fill">Fills the inputs of a call of these dimensions.</param>
internal sealed record TuningSample(IReadOnlyList<string> Names, int[] Dims, Action<CallBuffers> Fill)
{
    // Batches of so many samples are compared, where the model keeps them apart.
    private static readonly double[] Batches = [2, 4, 8, 16];

    // Other dimensions come shorter and longer than planned.
    private static readonly double[] Scales = [0.25, 4];

    /// <summary>The inputs of one number that it was made with, as <c>sr=16000</c>, sorted; null: that is not known, and what was measured of its size is taken for alike.</summary>
    public IReadOnlyList<string>? Fills { get; init; }

    public TunedRequest Unmeasured => new(Names, Dims, []) { Fills = Fills ?? [] };

    /// <summary>Whether what was measured of a request holds for this one.</summary>
    public bool Is(TunedRequest request) => request.IsAlike(Unmeasured) && (Fills is null || Fills.SequenceEqual(request.Fills, StringComparer.Ordinal));

    /// <summary>A request that the application gave, which was bound for one of its calls.</summary>
    public static TuningSample Given(ShapeTable shapes, CallBuffers bound) => new(shapes.NamesOf(bound.Dims), bound.Dims, bound.CopyInputsTo);

    /// <summary>One of each size: how long a request takes depends on that.</summary>
    public static IReadOnlyList<TuningSample> OneOfEach(IEnumerable<TuningSample> samples)
    {
        List<TuningSample> found = [];
        foreach (TuningSample sample in samples)
        {
            if (!found.Exists(f => f.Is(sample.Unmeasured)))
                found.Add(sample);
        }
        return found;
    }

    /// <summary>
    /// Made-up requests: of the sizes that the model is planned for first, then in batches, then shorter and longer. None where an input may have any number of dimensions.
    /// </summary>
    public static IReadOnlyList<TuningSample> MadeUp(ModelDefinition definition, ShapeTable shapes)
    {
        if (shapes.InputsOfUnknownRank > 0)
            return [];
        return [.. Sizes(shapes.PlannedSizes(definition), shapes.BatchOf(definition)).Select(dims => new TuningSample(shapes.Names, dims, MakeUp))];
    }

    /// <summary>The sizes that are worth measuring.</summary>
    /// <param name="planned">Those that the model is planned for.</param>
    /// <param name="batch">The place of the batch among them; -1: there is none.</param>
    public static IReadOnlyList<int[]> Sizes(int[] planned, int batch)
    {
        List<int[]> found = [planned];
        if (batch >= 0)
            Add(Batches, (size, i, d) => i == batch ? (int)size : d);
        Add(Scales, (scale, i, d) => i == batch ? d : Math.Max(1, (int)Math.Min(int.MaxValue, d * scale)));
        return found;

        void Add(double[] factors, Func<double, int, int, int> size)
        {
            foreach (double factor in factors)
            {
                int[] dims = [.. planned.Select((d, i) => size(factor, i, d))];
                if (!found.Exists(f => f.SequenceEqual(dims)))
                    found.Add(dims);
            }
        }
    }

    private static void MakeUp(CallBuffers call)
    {
        foreach (InputSlot input in call.Inputs)
            MadeUpInputs.Fill(input);
    }
}
