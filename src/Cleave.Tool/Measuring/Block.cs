using System;
using System.Globalization;
using System.Linq;

namespace Cleave.Tool.Measuring;

/// <summary>What one candidate did in one round.</summary>
/// <param name="Nanoseconds">How long each call took.</param>
/// <param name="Bytes">What the process allocated meanwhile.</param>
/// <param name="Cpu">CPU time of all threads of the process meanwhile, in nanoseconds.</param>
/// <param name="Settling">How long it took afterwards until no thread ran any more, in nanoseconds.</param>
/// <param name="Parked">CPU time of the process since its block before this one, in nanoseconds.</param>
/// <param name="ParkedFor">How long ago that block was, in nanoseconds.</param>
internal sealed record Block(double[] Nanoseconds, long Bytes, long Cpu, long Settling, long Parked, long ParkedFor)
{
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>As one line of the worker's answers.</summary>
    public string ToText() =>
        string.Create(Invariant, $"{Bytes} {Cpu} {Settling} {Parked} {ParkedFor} ")
        + string.Join(' ', Nanoseconds.Select(t => t.ToString("0.#", Invariant)));

    public static Block Parse(string text)
    {
        string[] numbers = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long Whole(int i) => long.Parse(numbers[i], Invariant);
        return new Block([.. numbers.Skip(5).Select(n => double.Parse(n, Invariant))], Whole(0), Whole(1), Whole(2), Whole(3), Whole(4));
    }
}
