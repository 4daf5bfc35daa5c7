using System;
using System.Globalization;

namespace Cleave.Tool.Quantizing;

/// <summary>Figures of errors and gains for people: no rounding says that something is better than it is.</summary>
internal static class ErrorText
{
    private const int Digits = 3;
    private const int MostDigits = 17;

    // Of a figure that floating point has just below what it is.
    private const double Hair = 1e-9;

    /// <summary>An error: three digits, and more where these would say something else of the budget.</summary>
    /// <param name="error">The error.</param>
    /// <param name="budget">What is allowed; null: that is not the question.</param>
    public static string Of(double error, double? budget = null)
    {
        for (int digits = Digits; ; digits++)
        {
            string text = error.ToString(string.Create(CultureInfo.InvariantCulture, $"g{digits}"), CultureInfo.InvariantCulture);
            if (budget is null || digits == MostDigits || double.Parse(text, CultureInfo.InvariantCulture) > budget == error > budget)
                return text;
        }
    }

    /// <summary>The share of rows with the same largest element: all are all.</summary>
    public static string Top1(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor((share * 100) + Hair)} %");

    /// <summary>A cosine: 1 is no difference.</summary>
    public static string Cosine(double cosine) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor((cosine * 1e5) + Hair) / 1e5:0.#####}");

    /// <summary>A gain that was not enough.</summary>
    public static string Refused(double gain) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor((gain * 100) + Hair) / 100:0.00}");
}
