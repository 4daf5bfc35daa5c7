using System.Globalization;

namespace Cleave.Generator.Emit;

/// <summary>Predicted times as comments say them: two or three digits, which is more than they are good for.</summary>
internal static class DurationText
{
    /// <param name="nanoseconds">The time.</param>
    public static string Of(double nanoseconds) =>
        nanoseconds >= 1e9 ? Digits(nanoseconds / 1e9) + " s"
        : nanoseconds >= 1e6 ? Digits(nanoseconds / 1e6) + " ms"
        : Digits(nanoseconds / 1e3) + " µs";

    private static string Digits(double number) => number.ToString(number >= 10 ? "0" : "0.0", CultureInfo.InvariantCulture);
}
