using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Ranges;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>Writes the operators in 8 bits that an earlier file has there, and nothing else, so that the graph stays; within the budget, or not at all.</summary>
internal sealed class KeptChoice(PreviousChoice previous, PrecisionSearch search, StaticRanges ranges, int bits, double budget)
{
    /// <param name="candidates">What the model has.</param>
    /// <param name="areGiven">Whether inputs of the application are.</param>
    /// <param name="trials">On the inputs that ranges are found on.</param>
    /// <param name="others">On others.</param>
    /// <exception cref="RewriteException">The graph would be another, or the error is too large.</exception>
    public (SearchResult Result, StatedError HeldOut) Run(IReadOnlyList<QuantizableOperator> candidates, bool areGiven, ModelTrials trials, ModelTrials others)
    {
        QuantizableOperator[] chosen = previous.Among(candidates);
        IQuantizedForm form = Form(chosen, areGiven);
        foreach (QuantizableOperator one in chosen)
        {
            if (form.WhyNot(one) is { } why)
                throw new RewriteException($"--like {previous.Path}: '{one.Node}' cannot be in 8 bits any more: {why}.");
        }
        ModelProto model = search.Written(form, chosen);
        previous.RequireSameGraph(model);
        TriedModel trial = trials.Run(model);
        StatedError heldOut = others.Error(model), larger = trial.Error.Worst > heldOut.Worst ? trial.Error : heldOut;
        if (larger.Worst > budget)
        {
            throw new RewriteException(string.Create(CultureInfo.InvariantCulture,
                $"--like {previous.Path}: with the same operators the error is {ErrorText.Of(larger.Worst, budget)} (output '{larger.Output}'); {budget} were allowed. Nothing was written. Leave --like out to choose anew."));
        }
        return (new SearchResult(form, [.. candidates.Select(c => new OperatorChoice(c, null, 0, 0, chosen.Contains(c) ? null : "the earlier file has it in floats"))], chosen, model, trial,
            [new CurvePoint(0, 0, trials.PublishedNanoseconds), new CurvePoint(chosen.Length, trial.Error.Worst, trial.Nanoseconds)]), heldOut);
    }

    private IQuantizedForm Form(QuantizableOperator[] chosen, bool areGiven) => previous.Form switch
    {
        DynamicForm.Word => new DynamicForm(ranges.Rounding),
        StaticForm.Word when areGiven => ranges.Best(chosen),
        StaticForm.Word => throw new RewriteException($"--like {previous.Path}: its ranges were found on inputs (static): give some with --inputs."),
        BlockForm.Word => new BlockForm(bits, ranges.Rounding.File),
        _ => throw new RewriteException($"--like {previous.Path}: it is of a form that this version does not know, '{previous.Form}'."),
    };
}
