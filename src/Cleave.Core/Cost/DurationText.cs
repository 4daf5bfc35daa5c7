using System.Globalization;

namespace Cleave.Core.Cost;

/// <summary>Times with their units, for people.</summary>
internal static class DurationText
{
    /// <summary>Two digits or the whole number of units, which is more than a prediction is good for.</summary>
    public static string Predicted(double nanoseconds) => Of(nanoseconds, 2);

    /// <summary>Three digits.</summary>
    public static string Measured(double nanoseconds) => Of(nanoseconds, 3);

    private static string Of(double nanoseconds, int digits) =>
        nanoseconds >= 1e9 ? Number(nanoseconds / 1e9, digits) + " s"
        : nanoseconds >= 1e6 ? Number(nanoseconds / 1e6, digits) + " ms"
        : Number(nanoseconds / 1e3, digits) + " µs";

    private static string Number(double number, int digits)
    {
        int decimals = digits - (number >= 100 ? 3 : number >= 10 ? 2 : 1);
        return number.ToString(decimals > 1 ? "0.00" : decimals > 0 ? "0.0" : "0", CultureInfo.InvariantCulture);
    }
}
