using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Shapes.Batch;
using Cleave.Cores;
using Cleave.OnnxProto;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Ranges;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing;

/// <summary>Finds the fastest choice of operators in 8 bits within an error, proves it on other inputs, measures it, and only then writes it.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="progress">Told what is being done, and how much of all is done.</param>
/// <param name="cancellationToken">Ends it.</param>
/// <param name="measure">Measures the files; null: <see cref="FileGains.Measure"/>.</param>
internal sealed class QuantizeRun(QuantizeOptions options, Action<string, double> progress, CancellationToken cancellationToken, MeasureFiles? measure = null)
{
    /// <summary>What gains less is not worth its error.</summary>
    public const double LeastGain = 1.1;

    private readonly List<string> _notes = [];
    private readonly List<SearchResult> _others = [];
    private readonly PreviousChoice? _previous = options.Like is { } like ? PreviousChoice.Read(like) : null;

    // The digest of the model's files before their weights are read.
    private string _source = "";

    private readonly MetricProgram? _metric = options.Metric is { } program ? new(program, options.MetricLimit) : null;

    private double MaxError => options.MaxError ?? _previous?.MaxError ?? QuantizeOptions.DefaultError;

    private int WeightBits => options.WeightBits ?? _previous?.WeightBits ?? QuantizeOptions.SafeBits;

    /// <exception cref="RewriteException">Nothing was written; why.</exception>
    /// <exception cref="RefusedException">The same: the inputs do not fit.</exception>
    /// <exception cref="Core.Diagnostics.ModelException">The same: there is no usable model.</exception>
    public QuantizeReport Run()
    {
        progress("reading", 0);
        using ModelUnderTest published = new(options.Model, cancellationToken: cancellationToken);
        Check(published);
        using TargetFile target = new(options.Output, published.Path);
        using TargetFile? curve = options.Curve is { } path ? new(path, published.Path, "--curve") : null;
        if (curve?.Path == target.Path)
            throw new RewriteException($"--curve {options.Curve}: that is where the model goes. Give another file.");
        ModelFiles files = ModelFiles.Of(published.Path, published.Graph.Model);
        target.Spare(files.Paths.Skip(1));
        curve?.Spare(files.Paths.Skip(1));
        _source = files.Digest();
        InputSets inputs = options.InputFolders.Count > 0
            ? InputSets.Given(options.InputFolders, new InputMaker(published.Graph, options.Fills).Inputs, published.Graph.Outputs)
            : InputSets.Random(published, options, cancellationToken);
        if (!inputs.AreGiven)
            _notes.Add("the error is that on random inputs: give some of the application's with --inputs to know what it is on those");
        if (WeightBits > QuantizeOptions.SafeBits && !Vnni.IsHere)
            _notes.Add(SourceComparison.Saturates);
        try
        {
            return Run(published, target, curve, inputs);
        }
        catch (SegmentException e)
        {
            throw new RewriteException("ONNX Runtime does not run it: " + e.Message, e);
        }
    }

    private QuantizeReport Run(ModelUnderTest published, TargetFile target, TargetFile? curve, InputSets inputs)
    {
        WeightFile weights = new(target.Draft("weights"));
        ModelProto floats = FloatModel.Read(published, weights);
        ModelEdit edit = new(floats);
        List<LeftInFloats> left = [];
        IReadOnlyList<QuantizableOperator> candidates = OperatorFinder.Find(edit, left.Add, options.OwnOperators || _previous is { UsesOwnOperators: true });
        _notes.AddRange(left.Select(static l => l.Why));
        if (candidates.Count == 0 || (!inputs.AreGiven && !candidates.Any(static c => c.HasDynamicForm)))
        {
            throw new RewriteException(candidates.Count == 0
                ? NothingToQuantise.Message(floats.Graph, left)
                : "There is no matrix product to quantise, only convolutions: these gain only where the ranges of their inputs are known. Give inputs with --inputs FOLDER: two at least, as .npy files or as ONNX's test data.")
            { IsAnswer = true };
        }
        ModelTrials trials = new(published, inputs.Search, cancellationToken), single = new(published, [inputs.Search[0]], cancellationToken);
        ObservedValues calibration = ObservedValues.Of(published, floats, inputs.Search, onlyShapes: !inputs.AreGiven);
        PrecisionSearch search = new(published, floats, trials, single, form => new OperatorTimes(published, floats, calibration.Shapes, form).Of, progress);
        StaticRanges ranges = new(search, calibration, new WeightRounding(WeightBits, weights), trials, progress);
        ModelTrials others = new(published, inputs.HeldOut, cancellationToken);
        if (_previous != null)
        {
            (SearchResult kept, StatedError error) = new KeptChoice(_previous, search, ranges, WeightBits, MaxError).Run(candidates, inputs.AreGiven, trials, others);
            return Judge(published, floats, target, curve, inputs, kept, error, others);
        }
        SearchResult[] found = Search(search, candidates, ranges, inputs.AreGiven, curve);
        progress("proving", 0);
        HeldOutProof proof = HeldOutProof.Fastest(search, found.Where(static f => f.Trial != null), trials, others, MaxError, progress);
        if (proof.Worst > MaxError)
        {
            throw Failed(string.Create(CultureInfo.InvariantCulture,
                $"No choice of operators has an error of {MaxError} or less on the held-out inputs, too; the least that was found is {ErrorText.Of(proof.Worst, MaxError)}, with {PlainText.Count(proof.Result.Chosen.Count, "operator")} in 8 bits ({proof.Result.Form.Name})."),
                proof.Result.Curve, curve);
        }
        // A faster one is not within the budget on the held-out inputs.
        _others.AddRange(found.Where(f => f.Form != proof.Result.Form).Select(f => f.Trial is { } trial && trial.Nanoseconds < proof.Result.Trial!.Nanoseconds ? f with { Model = null, Trial = null } : f));
        if (proof.WasChosenOn)
        {
            _notes.Add("the error on the held-out inputs was over the budget at first; operators went back to floats, or another form was taken, until it was not: on other inputs it may be larger");
            inputs = inputs with { Seen = [.. inputs.Search, .. inputs.HeldOut] };
        }
        return Judge(published, floats, target, curve, inputs, proof.Result, proof.HeldOut, others) with { HeldOutWasChosenOn = proof.WasChosenOn };
    }

    // Every form that can be written, one of them within the budget at least.
    private SearchResult[] Search(PrecisionSearch search, IReadOnlyList<QuantizableOperator> candidates, StaticRanges ranges, bool areGiven, TargetFile? curve)
    {
        List<SearchResult> results = [];
        if (!options.KeepBatch && candidates.Any(static c => c.HasDynamicForm))
            results.Add(search.Run(new DynamicForm(ranges.Rounding), candidates, MaxError));
        if (options.OwnOperators && candidates.Any(static c => c.IsProduct))
            results.Add(search.Run(new BlockForm(WeightBits, ranges.Rounding.File), candidates, MaxError));
        if (areGiven)
            results.Add(search.Run(ranges.Best(candidates), candidates, MaxError));
        if (results.Count == 0)
            throw new RewriteException("--keep-batch: no form that keeps rows apart can be tried. Give inputs with --inputs (static ranges), or add --allow-ort-operators (MatMulNBits). Nothing was written.");
        if (results.Any(static r => r.Trial != null))
            return [.. results];
        // On all inputs that choices are made on, not on the one that operators are looked at alone with.
        (CurvePoint? Point, SearchResult Of) nearest = results.Select(static r => (r.Curve.Where(static c => c.Operators > 0).MinBy(static c => c.Error), r)).MinBy(static r => r.Item1?.Error ?? double.PositiveInfinity);
        throw Failed(nearest.Point switch
        {
            // The last form is the one with ranges, if there are inputs.
            null when results[^1].Operators.FirstOrDefault(static o => o.WhyNot != PrecisionSearch.Slower) is { } first => $"No operator is faster in 8 bits here, or can be; of '{first.Operator.Node}', {first.WhyNot}.",
            null => "No operator is faster in 8 bits here.",
            { } least when least.Error <= MaxError => "ONNX Runtime does not fuse the operators whose error would be small enough: they would be slower than floats.",
            { } least => string.Create(CultureInfo.InvariantCulture,
                $"No choice of operators has an error of {MaxError} or less; the least that was found is {ErrorText.Of(least.Error, MaxError)}, with {PlainText.Count(least.Operators, "operator")} in 8 bits."),
        }, nearest.Of.Curve, curve);
    }

    // The answer is that there is no such model; what was tried shows which budget there is one for.
    private RewriteException Failed(string why, IReadOnlyList<CurvePoint> points, TargetFile? curve)
    {
        if (curve != null)
            Draw(points, curve);
        return new RewriteException($"{why} {(curve is null ? "Nothing was written." : $"The model was not written; {options.Curve} shows what was tried.")}") { IsAnswer = true };
    }

    private QuantizeReport Judge(ModelUnderTest published, ModelProto floats, TargetFile target, TargetFile? curve, InputSets inputs, SearchResult result, StatedError heldOut, ModelTrials others)
    {
        ModelFiles files = ModelFiles.Of(published.Path, published.Graph.Model);
        QuantizedMetadata.Write(result.Model!, _source, inputs, result, MaxError, WeightBits);
        string draft = target.Draft("onnx");
        ModelMessage.Write(result.Model!, draft);
        double? metric = _metric?.Run(others, result.Model!, cancellationToken);
        string? axis = !result.Form.KeepsRowsApart && BatchAxis.Find(published.Graph.Facts, published.Graph.Outputs) is { Holds: true } batch ? batch.Dimension : null;
        FileGains timed = options.Measure
            ? (measure ?? FileGains.Measure)(published, floats, target, draft, inputs.Search[0], axis, progress, cancellationToken)
            : new FileGains(Gain: null, Batching: null, Failure: null);
        if (!options.Measure)
            _notes.Add("the files were not measured (--no-measure): whether this one is faster is not known");
        if (timed is { Gain: null, Failure: { } unmeasured } && _previous is null)
            throw new RewriteException($"Whether it is faster could not be measured: {unmeasured.TrimEnd('.')}. Nothing was written; --no-measure writes what is within the budget, whatever it gains.");
        if (timed.Failure is { } failure)
            _notes.Add("It could not be measured: " + failure);
        Gain? gain = timed.Gain;
        string? alone = _previous is null && gain is { } g && g.Ratio.Median < options.LeastGain
            ? string.Create(CultureInfo.InvariantCulture, $"8 bits make it {ErrorText.Refused(g.Ratio.Median)} times as fast; less than {options.LeastGain} is not worth an error")
            : null;
        if (axis != null)
            SayBatch(axis, timed.Batching, result);
        long bytes = new FileInfo(draft).Length;
        cancellationToken.ThrowIfCancellationRequested();
        // Exported anew during the minutes of searching: these would be the weights of the old one.
        if (files.Digest() != _source)
            throw new RewriteException("The model was changed while it was quantised. Nothing was written; run the command again.");
        // First: where it cannot be written, nothing is.
        if (curve != null)
            Draw(result.Curve, curve);
        if (alone is null)
            File.Move(draft, target.Path, overwrite: true);
        return new QuantizeReport
        {
            Model = options.Model,
            Output = options.Output,
            OnnxRuntime = OrtEnv.Instance().GetVersionString(),
            MaxError = MaxError,
            LeftAlone = alone,
            CurveFile = options.Curve,
            Form = result.Form is StaticForm form ? $"static, {StaticRanges.Words(form.Method)}" : result.Form.Name,
            Operators = [.. result.Operators.Select(static o => new QuantizedOperator(
                o.Operator.Node, o.Operator.Type, o.Operator.Dims.Aggregate(1L, static (a, b) => a * b), o.Error, o.Floats, o.Bytes, o.WhyNot))],
            Curve = result.Curve,
            Search = result.Trial!.Error,
            HeldOut = heldOut,
            Metric = metric,
            Gain = gain,
            Batching = timed.Batching,
            ModelBytes = files.Bytes,
            OutputBytes = bytes,
            Notes = _notes,
        };
    }

    private void Draw(IReadOnlyList<CurvePoint> points, TargetFile curve)
    {
        string draft = curve.Draft("svg");
        ErrorCurve.Write(points, MaxError, draft);
        File.Move(draft, curve.Path, overwrite: true);
    }

    private void SayBatch(string axis, LostBatching? batching, SearchResult result)
    {
        _notes.Add($"the model of floats has a batch axis ({axis}), this one has none: one scale holds for all that shares a batch, so requests are not merged and batches not divided"
            + (batching is { } g
                ? string.Create(CultureInfo.InvariantCulture, $". In floats, {g.Samples} samples together take {g.Together:0.00} times less each than one alone; 8 bits make one alone {g.Bytes:0.00} times as fast{(g.Together > g.Bytes ? ": under load, batching gains more" : "")}")
                : ""));
        SearchResult[] apart = [.. _others.Where(static o => o.Form.KeepsRowsApart)];
        string[] within = [.. apart.Where(static o => o.Trial != null).Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Form.Name}, {o.Trial!.Nanoseconds / result.Trial!.Nanoseconds:0.00} times as long with an error of {ErrorText.Of(o.Trial.Error.Worst)}"))];
        _notes.Add(within.Length > 0 ? "forms that keep what shares a batch apart (--keep-batch): " + string.Join("; ", within)
            : apart.Length > 0 ? "no form that keeps what shares a batch apart is within the budget"
            : "forms that keep what shares a batch apart need inputs (--inputs), or --allow-ort-operators");
    }

    // Weights alone may have few bits, and what this command wrote may keep all operators in floats.
    private static bool IsQuantised(ModelUnderTest published) => published.IsQuantised
        || QuantisationMetadata.Of(published.Graph.Model, QuantisationMetadata.Form) != null
        || published.Graph.Model.Graph.Nodes.Any(static n => n.OpType == BlockForm.Operator);

    private void Check(ModelUnderTest published)
    {
        FloatModel.RequireOneMessage(published);
        _metric?.RequireProgram();
        if (IsQuantised(published))
            throw new RewriteException("The model is quantised already (it has integer products, or quantises values). Give the one of floats that it was made of.") { IsAnswer = true };
        if (published.RandomOperators.Count > 0)
            throw new RewriteException($"The model draws random numbers ({string.Join(", ", published.RandomOperators)}), so no error can be stated.") { IsAnswer = true };
        if (MaxError is not > 0)
            throw new RewriteException(string.Create(CultureInfo.InvariantCulture, $"--max-error {MaxError}: give a number above 0."));
    }
}
