using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Quantizing.Operators;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>
/// What a choice gives on inputs that nothing was chosen on. Where the error is over the budget there, operators go back to floats, the most costly first.
/// </summary>
/// <param name="Result">The choice, or where none is within the budget the one with the least error; its trial is that of its model.</param>
/// <param name="HeldOut">What its model gives on the other inputs.</param>
/// <param name="WasChosenOn">Whether operators went back to floats, or another form was tried: then these inputs were chosen on, too.</param>
internal sealed record HeldOutProof(SearchResult Result, StatedError HeldOut, bool WasChosenOn)
{
    private const int Parts = 10;

    /// <summary>The larger error of both kinds of inputs.</summary>
    public double Worst => Math.Max(HeldOut.Worst, Result.Trial!.Error.Worst);

    /// <summary>Of choices that are within the budget on the inputs of the search: the fastest that is on the others, too; where none is, the one with the least error.</summary>
    /// <param name="search">Writes the model of fewer operators.</param>
    /// <param name="found">Choices with a model, one for each form; not empty.</param>
    /// <param name="trials">On the inputs that they were chosen on.</param>
    /// <param name="others">On others.</param>
    /// <param name="budget">The largest error.</param>
    /// <param name="progress">Told what is tried.</param>
    public static HeldOutProof Fastest(PrecisionSearch search, IEnumerable<SearchResult> found, ModelTrials trials, ModelTrials others, double budget, Action<string, double>? progress = null)
    {
        HeldOutProof? best = null;
        foreach (SearchResult one in found.OrderBy(static f => f.Trial!.Nanoseconds))
        {
            // With operators in floats again a form may be slower than the next one.
            if (best is { } within && within.Worst <= budget && within.Result.Trial!.Nanoseconds <= one.Trial!.Nanoseconds)
                break;
            HeldOutProof proof = Of(search, one, trials, others, budget, progress);
            best = best is null ? proof : (IsBetter(proof, best) ? proof : best) with { WasChosenOn = true };
        }
        return best!;

        bool IsBetter(HeldOutProof one, HeldOutProof than) =>
            than.Worst > budget ? one.Worst < than.Worst : one.Worst <= budget && one.Result.Trial!.Nanoseconds < than.Result.Trial!.Nanoseconds;
    }

    /// <param name="search">Writes the model of fewer operators.</param>
    /// <param name="found">A choice, with a model.</param>
    /// <param name="trials">On the inputs that it was chosen on.</param>
    /// <param name="others">On others.</param>
    /// <param name="budget">The largest error.</param>
    /// <param name="progress">Told what is tried.</param>
    public static HeldOutProof Of(PrecisionSearch search, SearchResult found, ModelTrials trials, ModelTrials others, double budget, Action<string, double>? progress = null)
    {
        progress?.Invoke($"{found.Form.Name}: {found.Chosen.Count} operators on the held-out inputs", 0);
        HeldOutProof best = new(found, others.Error(found.Model!), WasChosenOn: false);
        List<CurvePoint> curve = [.. found.Curve];
        foreach (QuantizableOperator[] fewer in Fewer(found))
        {
            if (best.Worst <= budget)
                break;
            SearchResult result = found with { Chosen = fewer, Model = search.Written(found.Form, fewer) };
            progress?.Invoke($"{found.Form.Name}: {fewer.Length} operators on the held-out inputs", 0);
            TriedModel heldOut = others.Run(result.Model!);
            // The trial of the search was of more operators. What is over the budget already need not be run on its inputs.
            TriedModel trial = heldOut.Error.Worst <= budget ? trials.Run(result.Model!) : heldOut;
            curve.Add(new CurvePoint(fewer.Length, trial.Error.Worst, trial.Nanoseconds));
            HeldOutProof next = new(result with { Trial = trial }, heldOut.Error, WasChosenOn: true);
            if (next.Worst < best.Worst)
                best = next;
        }
        if (ReferenceEquals(best.Result.Trial!.Error, best.HeldOut))
            best = best with { Result = best.Result with { Trial = trials.Run(best.Result.Model!) } };
        return best.WasChosenOn ? best with { Result = Left(best.Result) with { Curve = curve } } : best with { Result = curve.Count == found.Curve.Count ? found : found with { Curve = curve } };
    }

    private static IEnumerable<QuantizableOperator[]> Fewer(SearchResult found)
    {
        for (int count = found.Chosen.Count; count > 1;)
        {
            count -= Math.Max(1, count / Parts);
            yield return [.. found.Chosen.Take(count)];
        }
        // The first saves most time for its error; another one may have less of it.
        QuantizableOperator least = found.Operators.Where(o => found.Chosen.Contains(o.Operator)).MinBy(static o => o.Error)!.Operator;
        if (least != found.Chosen[0])
            yield return [least];
    }

    private static SearchResult Left(SearchResult result)
    {
        HashSet<string> kept = [.. result.Chosen.Select(static c => c.Node)];
        return result with { Operators = [.. result.Operators.Select(o => o.WhyNot is null && !kept.Contains(o.Operator.Node) ? o with { WhyNot = "the error on other inputs was too large" } : o)] };
    }
}
