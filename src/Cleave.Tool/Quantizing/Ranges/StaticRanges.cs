using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Search;

namespace Cleave.Tool.Quantizing.Ranges;

/// <summary>Finds ranges of values for the static form: each method is tried on the model, and the one with the least error taken.</summary>
internal sealed class StaticRanges(PrecisionSearch search, ObservedValues calibration, WeightRounding rounding, ModelTrials trials, Action<string, double> progress)
{
    public WeightRounding Rounding => rounding;

    /// <param name="operators">Those that are written with each method.</param>
    public StaticForm Best(IReadOnlyList<QuantizableOperator> operators)
    {
        StaticForm[] forms = [.. Enum.GetValues<RangeMethod>().Select(m => new StaticForm(rounding, calibration.Ranges(m), m))];
        return forms.MinBy(form =>
        {
            progress($"calibrating, {form.Method}", 0);
            QuantizableOperator[] all = [.. operators.Where(c => form.WhyNot(c) is null)];
            return all.Length == 0 ? double.PositiveInfinity : trials.Error(search.Written(form, all)).Worst;
        })!;
    }

    /// <summary>For people.</summary>
    public static string Words(RangeMethod method) => method switch
    {
        RangeMethod.MinMax => "ranges from the smallest to the largest",
        RangeMethod.Percentile => "ranges without the outermost of ten thousand",
        _ => "ranges of least squared error",
    };
}
