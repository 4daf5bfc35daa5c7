using System.Globalization;

namespace Cleave.Core.Listing;

/// <summary>
/// How many times as long as ONNX Runtime's plain session a model may take with Cleave: a ratio, since times differ from
/// machine to machine.
/// </summary>
internal static class SpeedBudget
{
    public const string Advice = "use how many times as long as ONNX Runtime's plain session it may take, such as 1.1";

    private const double Most = 1000;

    /// <summary>The ratio; null where the text is none.</summary>
    public static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double ratio) && ratio is > 0 and <= Most ? ratio : null;
}
