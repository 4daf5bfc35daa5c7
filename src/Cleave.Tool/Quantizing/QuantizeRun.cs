using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Verification;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing;

/// <summary>Finds the fastest choice of operators in 8 bits within an error, proves it on other inputs, measures it, and only then writes it.</summary>
internal sealed class QuantizeRun(QuantizeOptions options, Action<string, double> progress, CancellationToken cancellationToken)
{
    /// <summary>What gains less is not worth its error.</summary>
    public const double LeastGain = 1.1;

    private const string Published = "published";
    private const string Cleaned = "cleaned";
    private const string Quantized = "quantised";

    private readonly List<string> _notes = [];

    /// <exception cref="RewriteException">Nothing was written; why.</exception>
    /// <exception cref="VerifyException">The same: the inputs do not fit.</exception>
    /// <exception cref="Core.Diagnostics.ModelException">The same: there is no usable model.</exception>
    public QuantizeReport Run()
    {
        progress("reading", 0);
        using ModelUnderTest published = new(options.Model, cancellationToken: cancellationToken);
        Check(published);
        using TargetFile target = new(options.Output, published.Path);
        InputSets inputs = options.InputFolders.Count > 0
            ? InputSets.Given(options.InputFolders, new InputMaker(published.Graph, options.Fills).Inputs)
            : InputSets.Random(published, options);
        if (!inputs.AreGiven)
            _notes.Add("the error is that on random inputs: give some of the application's with --inputs to know what it is on those");
        try
        {
            return Run(published, target, inputs);
        }
        catch (SegmentException e)
        {
            throw new RewriteException("ONNX Runtime does not run it: " + e.Message, e);
        }
    }

    private QuantizeReport Run(ModelUnderTest published, TargetFile target, InputSets inputs)
    {
        ModelProto floats = FloatModel.Read(published);
        ModelEdit edit = new(floats);
        IReadOnlyList<QuantizableOperator> candidates = OperatorFinder.Find(edit, _notes.Add);
        if (candidates.Count == 0 || (!inputs.AreGiven && !candidates.Any(static c => c.HasDynamicForm)))
        {
            throw new RewriteException(candidates.Count == 0
                ? "There is nothing to quantise: no Conv has constant weights, and no MatMul or Gemm a thousand of them, and reads floats."
                : "There is no matrix product to quantise, only convolutions: they are as fast only where the ranges of their inputs are known. Give inputs with --inputs.");
        }
        ModelTrials trials = new(published, inputs.Search, cancellationToken), single = new(published, [inputs.Search[0]], cancellationToken);
        Calibration calibration = Calibration.Of(published, floats, inputs.Search, onlyShapes: !inputs.AreGiven);
        PrecisionSearch search = new(published, floats, trials, single, form => new OperatorTimes(published, floats, calibration.Shapes, form), progress);
        SearchResult found = Search(search, candidates, calibration, inputs.AreGiven, trials);
        (SearchResult proven, Trial heldOut) = Prove(published, search, found, inputs);
        return Judge(published, floats, target, inputs, proven, heldOut);
    }

    // Every form that can be written; of those within the budget the fastest.
    private SearchResult Search(PrecisionSearch search, IReadOnlyList<QuantizableOperator> candidates, Calibration calibration, bool areGiven, ModelTrials trials)
    {
        WeightRounding rounding = new(options.WeightBits);
        List<SearchResult> results = [];
        if (candidates.Any(static c => c.HasDynamicForm))
            results.Add(search.Run(new DynamicForm(rounding), candidates, options.MaxError));
        if (areGiven)
            results.Add(search.Run(BestRanges(search, candidates, calibration, rounding, trials), candidates, options.MaxError));
        if (results.Where(static r => r.Trial != null).MinBy(static r => r.Trial!.Nanoseconds) is { } best)
            return best;
        double[] errors = [.. results.SelectMany(static r => r.Operators).Where(static o => o.Error != null).Select(static o => o.Error!.Value)];
        throw new RewriteException(errors.Length == 0
            ? "No operator is faster in 8 bits here. Nothing was written."
            : string.Create(CultureInfo.InvariantCulture, $"No choice of operators has an error of {options.MaxError} or less; the least is {errors.Min():0.####}, with one operator in 8 bits. Nothing was written."));
    }

    private StaticForm BestRanges(PrecisionSearch search, IReadOnlyList<QuantizableOperator> candidates, Calibration calibration, WeightRounding rounding, ModelTrials trials)
    {
        StaticForm[] forms = [.. Enum.GetValues<RangeMethod>().Select(m => new StaticForm(rounding, calibration.Ranges(m), m))];
        return forms.MinBy(form =>
        {
            progress($"calibrating, {form.Method}", 0);
            QuantizableOperator[] all = [.. candidates.Where(c => form.WhyNot(c) is null)];
            return all.Length == 0 ? double.PositiveInfinity : trials.Run(search.Written(form, all)).Worst;
        })!;
    }

    // On inputs that nothing was chosen on the error may be larger: then operators go back to floats, the most costly first.
    private (SearchResult Result, Trial HeldOut) Prove(ModelUnderTest published, PrecisionSearch search, SearchResult found, InputSets inputs)
    {
        progress("proving", 0);
        ModelTrials others = new(published, inputs.HeldOut, cancellationToken);
        Trial trial = others.Run(found.Model!);
        int count = found.Chosen.Count;
        while (trial.Worst > options.MaxError && count > 1)
        {
            count -= Math.Max(1, count / 10);
            found = found with { Chosen = [.. found.Chosen.Take(count)], Model = search.Written(found.Form, [.. found.Chosen.Take(count)]) };
            trial = others.Run(found.Model);
        }
        if (trial.Worst > options.MaxError)
        {
            throw new RewriteException(string.Create(CultureInfo.InvariantCulture,
                $"On inputs that it was not chosen on the error is {trial.Worst:0.####} even with one operator in 8 bits; {options.MaxError} were allowed. Nothing was written."));
        }
        if (count < found.Operators.Count(static o => o.WhyNot is null))
        {
            HashSet<string> kept = [.. found.Chosen.Select(static c => c.Node)];
            found = found with { Operators = [.. found.Operators.Select(o => o.WhyNot is null && !kept.Contains(o.Operator.Node) ? o with { WhyNot = "the error on other inputs was too large" } : o)] };
        }
        return (found, trial);
    }

    private QuantizeReport Judge(ModelUnderTest published, ModelProto floats, TargetFile target, InputSets inputs, SearchResult result, Trial heldOut)
    {
        QuantizedMetadata.Write(result.Model!, published.Path, inputs, result, options);
        string draft = target.Draft("onnx");
        ModelMessage.Write(result.Model!, draft);
        Gain? gain = Measured(published, floats, target, draft, inputs.Search[0]);
        string? alone = gain is { } g && g.Ratio.Median < options.LeastGain
            ? string.Create(CultureInfo.InvariantCulture, $"8 bits make it {g.Ratio.Median:0.00} times as fast; less than {options.LeastGain} is not worth an error")
            : null;
        SayBatch(published, result);
        long bytes = new FileInfo(draft).Length;
        if (alone is null)
            File.Move(draft, target.Path, overwrite: true);
        if (options.Curve is { } curve)
            ErrorCurve.Write(result.Curve, options.MaxError, curve);
        return new QuantizeReport
        {
            Model = options.Model,
            Output = options.Output,
            OnnxRuntime = OrtEnv.Instance().GetVersionString(),
            MaxError = options.MaxError,
            LeftAlone = alone,
            Form = result.Form is StaticForm form ? $"static, {Words(form.Method)}" : result.Form.Name,
            Operators = [.. result.Operators.Select(static o => new QuantizedOperator(
                o.Operator.Node, o.Operator.Type, o.Operator.Dims.Aggregate(1L, static (a, b) => a * b), o.Error, o.Floats, o.Bytes, o.WhyNot))],
            Curve = result.Curve,
            Search = StatedError.Of(result.Trial!, inputs.Search.Count),
            HeldOut = StatedError.Of(heldOut, inputs.HeldOut.Count),
            Gain = gain,
            ModelBytes = new FileInfo(published.Path).Length,
            OutputBytes = bytes,
            Notes = _notes,
        };
    }

    // A published file may be slow for reasons that have nothing to do with floats: the cleaned one counts where it is faster.
    private Gain? Measured(ModelUnderTest published, ModelProto floats, TargetFile target, string draft, InputCase inputs)
    {
        string cleaned = target.Draft("floats");
        ModelMessage.Write(floats, cleaned);
        Dictionary<string, long> none = [];
        FileTiming timing = FileTiming.Measure(
            [(Published, published.Path, none), (Cleaned, cleaned, none), (Quantized, draft, none)], inputs, Sizes(published, inputs), progress, cancellationToken);
        if (timing.Failure is { } failure)
            _notes.Add("It could not be measured: " + failure);
        return timing.GainOf(Published, Quantized) is { } one && timing.GainOf(Cleaned, Quantized) is { } other ? (one.Before <= other.Before ? one : other) : null;
    }

    private static string Words(RangeMethod method) => method switch
    {
        RangeMethod.MinMax => "ranges from the smallest to the largest",
        RangeMethod.Percentile => "ranges without the outermost of ten thousand",
        _ => "ranges of least squared error",
    };

    private void SayBatch(ModelUnderTest published, SearchResult result)
    {
        if (result.Form is DynamicForm && BatchAxis.Find(published.Graph.Facts, published.Graph.Outputs) is { Holds: true } batch)
        {
            _notes.Add($"the model of floats has a batch axis ({batch.Dimension}), this one has none: one scale holds for all that shares a batch, so requests are not merged and batches not divided. "
                + "Under load, compare both with cleave bench; with --inputs, static ranges keep samples apart");
        }
    }

    private void Check(ModelUnderTest published)
    {
        if (published.IsQuantised)
            throw new RewriteException("The model is quantised already (it has integer products, or quantises values). Give the one of floats that it was made of.");
        if (published.RandomOperators.Count > 0)
            throw new RewriteException($"The model draws random numbers ({string.Join(", ", published.RandomOperators)}), so no error can be stated.");
        if (options.MaxError is not > 0)
            throw new RewriteException(string.Create(CultureInfo.InvariantCulture, $"--max-error {options.MaxError}: give a number above 0."));
    }

    private static DimensionSample Sizes(ModelUnderTest published, InputCase inputs)
    {
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach (ValueInfo input in published.Graph.Model.Graph.Inputs.Where(i => inputs.Values.ContainsKey(i.Name)))
        {
            if (input.Type is not OnnxType.Tensor { Shape: { } shape })
                continue;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Value is not >= 0)
                    sizes[OpenDimension.NameOf(input.Name, axis, shape[axis])] = inputs.Values[input.Name].Shape[axis];
            }
        }
        return new DimensionSample(sizes);
    }
}
