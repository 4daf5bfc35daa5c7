using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Graph;

namespace Cleave.Tool.Running;

/// <summary>Sizes for the dimensions that a model leaves open, by name; one without a name is called <c>input[axis]</c>.</summary>
internal sealed record DimensionSample(IReadOnlyDictionary<string, long> Sizes)
{
    // In this order tried, until a few work: many models take only some sizes (multiples of 32, at least a window).
    private static readonly long[] LikelySizes = [16, 7, 32, 64, 128, 160, 512, 1, 256];
    private static readonly long[] BatchSizes = [1, 3, 2];

    // Each doubles what is tried.
    private const int MostGuessed = 4;

    // Of what completes a sample that is given in part.
    private const int MostCompletions = 32;

    /// <summary><c>batch=1,sequence=16</c>; the name ends at the last equals sign.</summary>
    /// <exception cref="RefusedException">It is something else.</exception>
    public static DimensionSample Parse(string text)
    {
        try
        {
            return new DimensionSample(PlanDimensions.Parse(text));
        }
        catch (FormatException e)
        {
            throw new RefusedException($"--dims {text}: {e.Message}.");
        }
    }

    /// <summary>Samples to try where none are given, likely ones first; one alone where nothing is open.</summary>
    public static IEnumerable<DimensionSample> Candidates(IReadOnlyList<OpenDimension> open)
    {
        if (open.Count == 0)
            return [new DimensionSample(new Dictionary<string, long>())];
        string[] others = [.. open.Where(d => !d.IsBatch).Select(d => d.Name)];
        IEnumerable<long> sizes = others.Length == 0 ? [1] : LikelySizes;
        // The batch may stand in other dimensions as well, without a name that says so.
        int ways = 1 << Math.Min(others.Length, MostGuessed);
        return Enumerable.Range(0, ways).SelectMany(alsoBatch => sizes.SelectMany((size, i) => Enumerable.Range(i, BatchSizes.Length)
                .Select(b => With(open, [.. others.Where((_, o) => o < MostGuessed && (alsoBatch >> o & 1) == 1)], BatchSizes[b % BatchSizes.Length], size))))
            .DistinctBy(s => s.ToString());
    }

    /// <summary>The sample, completed so that the model takes it, and what came of it.</summary>
    /// <param name="maker">Knows the model's inputs.</param>
    /// <param name="run">Runs the model on a sample.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SegmentException">The model takes none.</exception>
    public (DimensionSample Completed, T Result) FirstTaken<T>(InputMaker maker, Func<DimensionSample, T> run, CancellationToken cancellationToken)
    {
        SegmentException? refusal = null;
        foreach (DimensionSample sample in Completions(OpenDimension.Of(maker.Inputs)).Where((s, i) => i == 0 || maker.IsModest(s)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return (sample, run(sample));
            }
            catch (SegmentException e)
            {
                refusal ??= e;
            }
        }
        throw refusal!;
    }

    /// <summary>The sample with sizes for the dimensions that it leaves out: 1, then likely ones, one at a time along the batch before several.</summary>
    public IEnumerable<DimensionSample> Completions(IReadOnlyList<OpenDimension> open)
    {
        OpenDimension[] left = [.. open.Where(d => !Sizes.ContainsKey(d.Name))];
        if (left.Length == 0)
            return [this];
        DimensionSample ones = new(left.ToDictionary(d => d.Name, _ => 1L, StringComparer.Ordinal));
        return Candidates(left).OrderBy(s => left.Where(d => d.IsBatch).Sum(d => s.Sizes[d.Name])).Take(MostCompletions).Prepend(ones).DistinctBy(s => s.ToString())
            .Select(s => new DimensionSample(Sizes.Concat(s.Sizes).ToDictionary(StringComparer.Ordinal)));
    }

    public override string ToString() => Sizes.Count == 0
        ? "fixed"
        : string.Join(",", Sizes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key}={s.Value}")));

    private static DimensionSample With(IReadOnlyList<OpenDimension> open, string[] alsoBatch, long batch, long size) =>
        new(open.ToDictionary(d => d.Name, d => d.IsBatch || alsoBatch.Contains(d.Name) ? batch : size, StringComparer.Ordinal));
}

/// <summary>A dimension that a model leaves open.</summary>
/// <param name="Name">Its name, or <c>input[axis]</c>.</param>
/// <param name="IsBatch">Whether it looks like the batch: the first axis wherever it stands, or called so.</param>
/// <param name="HasName">Whether the model gives it one: only then an item's <c>Dims</c> can.</param>
internal sealed record OpenDimension(string Name, bool IsBatch, bool HasName)
{
    public static string NameOf(string input, int axis, Dimension dimension) =>
        dimension.Name is { Length: > 0 } name ? name : Place(input, axis);

    /// <summary>One without a name.</summary>
    public static string Place(string input, int axis) => string.Create(CultureInfo.InvariantCulture, $"{input}[{axis}]");

    /// <summary>Of the inputs, each once, in their order.</summary>
    public static IReadOnlyList<OpenDimension> Of(IEnumerable<ValueInfo> inputs)
    {
        List<(string Name, int Axis, bool HasName)> all = [];
        foreach (ValueInfo input in inputs)
        {
            if (input.Type is not OnnxType.Tensor { Shape: { } shape })
                continue;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Value is not >= 0)
                    all.Add((NameOf(input.Name, axis, shape[axis]), axis, shape[axis].Name is { Length: > 0 }));
            }
        }
        return [.. all.GroupBy(d => d.Name, StringComparer.Ordinal).Select(g => new OpenDimension(
            g.Key, g.All(d => d.Axis == 0) || g.Key.Contains("batch", StringComparison.OrdinalIgnoreCase), g.First().HasName))];
    }
}
