using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Measuring;

namespace Cleave.Tool.Quantizing.Search;

/// <param name="Inputs">How many.</param>
/// <param name="Worst">‖q−f‖₂/‖f‖₂ of the worst output on the worst of them.</param>
/// <param name="Median">And on the median one.</param>
/// <param name="Cosine">The least cosine of any output.</param>
/// <param name="Top1">In which part of the rows of an output the largest elements stand where they stood, the least of any input.</param>
/// <param name="Output">The worst output.</param>
internal sealed record StatedError(int Inputs, double Worst, double Median, double Cosine, double Top1, string Output)
{
    /// <param name="errors">Of each input; not empty.</param>
    public static StatedError Of(IReadOnlyList<OutputError> errors)
    {
        OutputError worst = errors.MaxBy(static e => e.Relative)!;
        double median = Statistics.Median([.. errors.Select(static e => e.Relative)]);
        return new StatedError(errors.Count, worst.Relative, median, errors.Min(static e => e.Cosine), errors.Min(static e => e.Top1), worst.Output);
    }
}
