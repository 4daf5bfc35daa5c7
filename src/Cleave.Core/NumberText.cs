using System.Globalization;

namespace Cleave.Core;

/// <summary>Whole numbers as code and messages have them, whatever the culture.</summary>
internal static class NumberText
{
    public static string Of(long number) => number.ToString(CultureInfo.InvariantCulture);
}
