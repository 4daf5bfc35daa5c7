using System;
using Cleave.Core.Graph;

namespace Cleave.Tool.Running;

/// <summary>How far results may be from those of the whole model, where ONNX Runtime optimises both: it may then compute in another order.</summary>
internal static class Tolerance
{
    public const double Floats = 1e-5;
    public const double ShortFloats = 1e-3;

    /// <summary>One step at 1: ONNX Runtime's sigmoid and tanh are exact to about that, however small the result.</summary>
    public const double Step = 1.0 / (1 << 23);

    /// <summary>Whether all that was expected is zero: then a difference is no part of a range.</summary>
    public static bool HasNoRange(OutputDifference difference) => double.IsPositiveInfinity(difference.OfRange);

    /// <param name="model">The model.</param>
    /// <param name="type">Element type of the output.</param>
    /// <param name="difference">What was found.</param>
    /// <param name="own">How far the whole model is from itself, with and without optimisations; where that is not finite it sets no limit.</param>
    public static bool Allows(ModelUnderTest model, ElementType type, OutputDifference difference, OutputDifference own)
    {
        if (difference.Other != null)
            return false;
        if (IsFloat(type))
            return difference.OfRange <= Limit(model) || difference.Absolute <= Math.Max(Step, double.IsFinite(own.Absolute) ? 2 * own.Absolute : 0);
        // A rounding that falls on the other side moves a quantised output by a step. An index is right or wrong, however many there are.
        return difference.Absolute <= (model.IsQuantised && IsShortInteger(type) ? 1 : 0);
    }

    /// <summary>Whether elements are measured by their range; those of other types are equal or not.</summary>
    public static bool IsFloat(ElementType type) => type is ElementType.Float or ElementType.Double or ElementType.Float16 or ElementType.BFloat16;

    /// <summary>An integer as quantised values are.</summary>
    public static bool IsShortInteger(ElementType type) => type is ElementType.Int8 or ElementType.UInt8 or ElementType.Int16 or ElementType.UInt16;

    /// <summary>What floats are always allowed, as a part of the output's range.</summary>
    public static double Limit(ModelUnderTest model) => model.HasShortFloats ? ShortFloats : Floats;
}
