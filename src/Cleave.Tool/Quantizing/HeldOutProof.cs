using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing;

/// <summary>
/// A choice that is within the budget on inputs that nothing was chosen on, too. Where the error is larger there, operators go back to floats, the most costly first.
/// </summary>
/// <param name="Result">The choice; its trial is that of its model.</param>
/// <param name="HeldOut">What its model gives on the other inputs.</param>
/// <param name="WentBack">Whether operators went back to floats.</param>
internal sealed record HeldOutProof(SearchResult Result, Trial HeldOut, bool WentBack)
{
    private const int Parts = 10;

    /// <param name="search">Writes the model of fewer operators.</param>
    /// <param name="found">A choice, with a model.</param>
    /// <param name="trials">On the inputs that it was chosen on.</param>
    /// <param name="others">On others.</param>
    /// <param name="budget">The largest error.</param>
    /// <exception cref="RewriteException">Not even one operator is within the budget.</exception>
    public static HeldOutProof Of(PrecisionSearch search, SearchResult found, ModelTrials trials, ModelTrials others, double budget)
    {
        SearchResult result = found;
        Trial heldOut = others.Run(found.Model!);
        for (int count = found.Chosen.Count; heldOut.Error.Worst > budget && count > 1; heldOut = others.Run(result.Model!))
        {
            count -= Math.Max(1, count / Parts);
            QuantizableOperator[] fewer = [.. found.Chosen.Take(count)];
            result = result with { Chosen = fewer, Model = search.Written(found.Form, fewer) };
        }
        if (heldOut.Error.Worst > budget)
        {
            throw new RewriteException(string.Create(CultureInfo.InvariantCulture,
                $"On inputs that it was not chosen on the error is {ErrorText.Of(heldOut.Error.Worst, budget)} even with one operator in 8 bits; {budget} were allowed."))
            { IsAnswer = true };
        }
        return ReferenceEquals(result, found) ? new HeldOutProof(found, heldOut, WentBack: false) : new HeldOutProof(Anew(result, trials), heldOut, WentBack: true);
    }

    // The trial of the search was of more operators.
    private static SearchResult Anew(SearchResult result, ModelTrials trials)
    {
        HashSet<string> kept = [.. result.Chosen.Select(static c => c.Node)];
        return result with
        {
            Trial = trials.Run(result.Model!),
            Operators = [.. result.Operators.Select(o => o.WhyNot is null && !kept.Contains(o.Operator.Node) ? o with { WhyNot = "the error on other inputs was too large" } : o)],
        };
    }
}
