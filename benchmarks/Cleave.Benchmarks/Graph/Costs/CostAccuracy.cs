using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>Predictions beside measurements, in microseconds: a line for each model, and one for all.</summary>
internal static class CostAccuracy
{
    /// <summary>One model: nothing is asked of it alone.</summary>
    public static Line Of(string what, CostPlan plan, double measured, double predicted)
    {
        double error = (predicted / measured) - 1;
        string text = string.Create(CultureInfo.InvariantCulture, $"{measured / 1000:0.0} us, predicted {predicted / 1000:0.0} us, {error:+0.0%;-0.0%}");
        return Line.Shown(what + ": " + plan, text, new { plan.Model, plan.Dims, plan.Threads, Measured = measured, Predicted = predicted });
    }

    /// <summary>All of them; <paramref name="worst"/> is null where only the median is asked for.</summary>
    public static Line Summary(string what, IReadOnlyList<(double Measured, double Predicted)> pairs, double median, double? worst)
    {
        double[] errors = [.. pairs.Select(p => Math.Abs((p.Predicted / p.Measured) - 1)).Order()];
        string target = string.Create(CultureInfo.InvariantCulture, $"median error <= {median:0%}{(worst is { } w ? $", worst <= {w:0%}" : "")}");
        if (errors.Length == 0)
            return Line.NotMeasured(what, target, "no model is at hand");
        double middle = errors[errors.Length / 2];
        string text = string.Create(CultureInfo.InvariantCulture, $"{errors.Length} models: median {middle:0.0%}, worst {errors[^1]:0.0%}");
        return Line.Of(what, target, text, middle <= median && (worst is null || errors[^1] <= worst), errors);
    }
}
