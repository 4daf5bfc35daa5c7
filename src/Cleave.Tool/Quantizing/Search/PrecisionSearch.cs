using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Running;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>
/// Chooses which operators are computed in 8 bits: those first that save most time for the error that they make, while the error of the
/// whole stays within the budget. Both are measured; that errors of operators add up is not assumed.
/// </summary>
/// <param name="source">The published model.</param>
/// <param name="floats">Its messages, in floats.</param>
/// <param name="trials">Runs changed models on the inputs of the search.</param>
/// <param name="single">The same on one input, for operators alone.</param>
/// <param name="times">Measures an operator alone, in floats and in the form.</param>
/// <param name="progress">Told what is being done, and how much of all is done.</param>
internal sealed class PrecisionSearch(
    ModelUnderTest source, ModelProto floats, ModelTrials trials, ModelTrials single, Func<IQuantizedForm, Func<QuantizableOperator, (double Floats, double Bytes)>> times,
    Action<string, double> progress)
{
    /// <summary>Why an operator stays in floats that was measured alone.</summary>
    public const string Slower = "it is slower in 8 bits";

    // With fixed ranges an operator alone is measured with the rounding of its input and output, which vanishes between two operators in 8 bits: what it costs there, the whole shows.
    private const double Doubtful = 0.9;
    private const int MostDoubted = 12;
    // Of a whole model, less is noise.
    private const double Faster = 0.98;

    // Errors are squared: independent ones add up so.
    private const double LeastError = 1e-9;

    /// <param name="form">How operators are written.</param>
    /// <param name="candidates">The operators.</param>
    /// <param name="budget">The largest error.</param>
    public SearchResult Run(IQuantizedForm form, IReadOnlyList<QuantizableOperator> candidates, double budget)
    {
        List<OperatorChoice> looked = Look(form, candidates);
        QuantizableOperator[] order = [.. looked.Where(l => l.WhyNot is null)
            .OrderBy(l => Math.Pow(Math.Max(l.Error!.Value, LeastError), 2) / Math.Max(l.Floats - l.Bytes, 1)).Select(l => l.Operator)];
        List<CurvePoint> curve = [new CurvePoint(0, 0, trials.PublishedNanoseconds)];
        (int Count, ModelProto? Model, TriedModel? Trial) best = Longest(form, order, budget, curve);
        // Without one that stands alone, another may stand alone.
        while (best.Model is { } model && FusionCheck.Find(source, model, order[..best.Count]) is { Count: > 0 } alone)
        {
            looked = [.. looked.Select(l => alone.Contains(l.Operator) ? l with { WhyNot = "ONNX Runtime does not fuse it" } : l)];
            order = [.. order.Except(alone)];
            best = Longest(form, order, budget, curve);
        }
        if (form is StaticForm && best.Trial != null)
        {
            order = order[..best.Count];
            best = Relieve(form, ref order, ref looked, budget, best, curve);
        }
        looked = [.. looked.Select(l => l.WhyNot is null && Array.IndexOf(order, l.Operator) >= best.Count ? l with { WhyNot = "its error does not fit the budget any more" } : l)];
        return new SearchResult(form, looked, order[..best.Count], best.Model, best.Trial, curve);
    }

    /// <summary>The model with operators in 8 bits.</summary>
    public ModelProto Written(IQuantizedForm form, IReadOnlyCollection<QuantizableOperator> chosen)
    {
        ModelProto model = floats.Clone();
        form.Apply(model, chosen);
        return model;
    }

    private List<OperatorChoice> Look(IQuantizedForm form, IReadOnlyList<QuantizableOperator> candidates)
    {
        Func<QuantizableOperator, (double Floats, double Bytes)> alone = times(form);
        List<OperatorChoice> looked = [];
        for (int i = 0; i < candidates.Count; i++)
        {
            QuantizableOperator candidate = candidates[i];
            progress($"{form.Name}: {candidate.Node}", (double)i / candidates.Count);
            if (form.WhyNot(candidate) is { } why)
            {
                looked.Add(new OperatorChoice(candidate, null, 0, 0, why));
                continue;
            }
            (double inFloats, double inBytes) = alone(candidate);
            looked.Add(form is not StaticForm && inBytes > inFloats
                ? new OperatorChoice(candidate, null, inFloats, inBytes, Slower)
                : new OperatorChoice(candidate, single.Error(Written(form, [candidate])).Worst, inFloats, inBytes, null));
        }
        return looked;
    }

    // Operators that gain nothing alone go back to floats where the whole is faster so, those that lose most first.
    private (int Count, ModelProto? Model, TriedModel? Trial) Relieve(
        IQuantizedForm form, ref QuantizableOperator[] order, ref List<OperatorChoice> looked, double budget, (int Count, ModelProto? Model, TriedModel? Trial) best, List<CurvePoint> curve)
    {
        foreach (OperatorChoice doubted in looked.Where(l => l.Bytes > l.Floats * Doubtful).OrderByDescending(static l => l.Bytes - l.Floats).Take(MostDoubted).ToArray())
        {
            QuantizableOperator[] others = [.. order.Where(o => o != doubted.Operator)];
            if (others.Length is 0 || others.Length == order.Length)
                continue;
            progress($"{form.Name}: without {doubted.Operator.Node}", 0);
            ModelProto model = Written(form, others);
            TriedModel trial = trials.Run(model);
            curve.Add(new CurvePoint(others.Length, trial.Error.Worst, trial.Nanoseconds));
            if (trial.Error.Worst > budget || trial.Nanoseconds > best.Trial!.Nanoseconds * Faster)
                continue;
            order = others;
            best = (others.Length, model, trial);
            looked = [.. looked.Select(l => l == doubted ? l with { WhyNot = "the whole is faster so" } : l)];
        }
        return best;
    }

    // The longest beginning of the order that fits: the error rises with it, nearly always.
    private (int Count, ModelProto? Model, TriedModel? Trial) Longest(IQuantizedForm form, QuantizableOperator[] order, double budget, List<CurvePoint> curve)
    {
        (int Count, ModelProto? Model, TriedModel? Trial) best = (0, null, null);
        int least = 1, most = order.Length;
        // All at once first: often it fits.
        for (int next = most; least <= most; next = (least + most) / 2)
        {
            progress($"{form.Name}: {next} of {order.Length} operators", 0);
            ModelProto model = Written(form, order[..next]);
            TriedModel trial = trials.Run(model);
            curve.Add(new CurvePoint(next, trial.Error.Worst, trial.Nanoseconds));
            if (trial.Error.Worst <= budget)
            {
                best = (next, model, trial);
                least = next + 1;
            }
            else
            {
                most = next - 1;
            }
        }
        return best;
    }
}
