using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Tool.Running;

namespace Cleave.Tool.Benching;

/// <summary>What <c>cleave bench</c> was asked for.</summary>
/// <param name="Dims">Sizes of open dimensions, by name.</param>
/// <param name="Fills">Values of inputs, by name.</param>
/// <param name="Threads">Thread counts to measure, rising.</param>
/// <param name="Callers">Numbers of callers to measure, rising.</param>
/// <param name="Rounds">Rounds; null for the harness's own number.</param>
/// <param name="Quick">A trial, no measurement.</param>
internal sealed record BenchOptions(
    IReadOnlyDictionary<string, string> Dims, IReadOnlyDictionary<string, string> Fills,
    IReadOnlyList<int> Threads, IReadOnlyList<int> Callers, int? Rounds, bool Quick)
{
    // With more cores, every thread count would be measured for an hour.
    private const int MostThreadCounts = 8;

    /// <summary>The dims and fills as arguments of a worker.</summary>
    public IReadOnlyList<string> InputArguments => [.. Dims.Select(d => "d" + d.Key + "=" + d.Value), .. Fills.Select(f => "f" + f.Key + "=" + f.Value)];

    public static (IReadOnlyDictionary<string, string> Dims, IReadOnlyDictionary<string, string> Fills) ReadInputs(IReadOnlyList<string> arguments) =>
        (Told(arguments, 'd'), Told(arguments, 'f'));

    /// <summary>One to the number of cores; above eight, powers of two and that number.</summary>
    public static IReadOnlyList<int> DefaultThreads(int cores) => [.. cores <= MostThreadCounts ? Enumerable.Range(1, cores) : ThreadCounts.UpTo(cores)];

    /// <summary>One, and as many as there are cores.</summary>
    public static IReadOnlyList<int> DefaultCallers(int cores) => cores == 1 ? [1] : [1, cores];

    /// <summary><c>1,2,4</c>: whole numbers from 1 on, sorted, each once; null where nothing is given.</summary>
    public static IReadOnlyList<int>? Counts(string option, string? text)
    {
        if (text is null)
            return null;
        SortedSet<int> counts = [];
        foreach (string part in text.Split(','))
            counts.Add(int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 4096
                ? count
                : throw new RefusedException($"{option} {text}: give whole numbers from 1 to 4096, as in {option} 1,2,4."));
        return [.. counts];
    }

    /// <summary><c>batch=1,sequence=128</c>, in any number of texts.</summary>
    /// <exception cref="RefusedException">It is something else.</exception>
    public static IReadOnlyDictionary<string, string> Sizes(IEnumerable<string> texts) =>
        DimensionSample.Parse(string.Join(',', texts)).Sizes.ToDictionary(s => s.Key, s => s.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);

    /// <summary><c>sr=16000</c>, in any number of texts.</summary>
    /// <exception cref="RefusedException">It is something else.</exception>
    public static IReadOnlyDictionary<string, string> Numbers(IEnumerable<string> texts) =>
        InputFills.Parse(texts).ToDictionary(f => f.Key, f => f.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);

    private static Dictionary<string, string> Told(IEnumerable<string> arguments, char kind) => arguments.Where(a => a[0] == kind)
        .ToDictionary(a => a[1..a.LastIndexOf('=')], a => a[(a.LastIndexOf('=') + 1)..], StringComparer.Ordinal);
}
