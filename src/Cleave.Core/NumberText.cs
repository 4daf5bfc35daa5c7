using System.Globalization;

namespace Cleave.Core;

/// <summary>Whole numbers as code and messages have them, whatever the culture.</summary>
internal static class NumberText
{
    public static string Of(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The shortest of 15 to 17 digits that reads back the same; .NET Framework and .NET disagree about "R".</summary>
    public static string Of(double number)
    {
        string text = "";
        for (int digits = 15; digits <= 17; digits++)
        {
            text = number.ToString("G" + Of(digits), CultureInfo.InvariantCulture);
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double read) && read.Equals(number))
                break;
        }
        return text;
    }
}
