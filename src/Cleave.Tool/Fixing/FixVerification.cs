using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Fixing;

/// <summary>Compares a model with what it became: the same inputs must give the same.</summary>
internal sealed class FixVerification(ModelUnderTest published, VerifyOptions options, CancellationToken cancellationToken)
{
    // Of each sample.
    private const int Seeds = 2;

    private readonly Dictionary<string, OutputDifference> _differences = new(StringComparer.Ordinal);

    // What is off is judged otherwise then.
    private bool _isWidened;

    public List<string> Notes { get; } = [];

    /// <summary>What both were run on.</summary>
    public List<ReferenceCase> Cases { get; } = [];

    public IReadOnlyList<FixedOutput> Outputs => [.. _differences.Select(d => new FixedOutput(d.Key, d.Value))];

    /// <summary>Sizes that the model takes.</summary>
    public DimensionSample? Sample { get; private set; }

    /// <summary>What the model was first run on in these sizes.</summary>
    public InputCase InputsOfSample => (Cases.ElementAtOrDefault(options.InputFolders.Count) ?? Cases[0]).Inputs;

    /// <exception cref="RewriteException">The models differ, or nothing can be compared.</exception>
    public void Compare(string path)
    {
        if (published.RandomOperators.Count > 0)
            throw new RewriteException($"The model draws random numbers ({string.Join(", ", published.RandomOperators)}), so it cannot be verified that a changed one gives the same. Nothing was written.");
        InputMaker maker = new(published.Graph, options.Fills);
        using References references = Open();
        for (int i = 0; i < Seeds; i++)
        {
            ReferenceCases cases = new(maker, options with { Seed = options.Seed + (ulong)i, InputFolders = i == 0 ? options.InputFolders : [] }, cancellationToken);
            Cases.AddRange(cases.Run(references, out DimensionSample? sample));
            Sample ??= sample;
            // All are given: another seed gives no others.
            if (sample is null)
                break;
        }
        Sample ??= maker.OnlySample;
        using ModelUnderTest other = new(path, cancellationToken: cancellationToken);
        using SessionChain changed = OpenChanged(other);
        foreach (ReferenceCase reference in Cases)
            Compare(changed, reference);
        if (!Cases.Any(c => c.Optimised.Keys.Any(c.Shows)))
            throw new RewriteException("Every output differs from one run of the model as published to the next, or has no elements, or none that are finite with and without ONNX Runtime's own optimisations, so nothing can be compared. Nothing was written. Give inputs that the model was made for, with --inputs, or other sizes with --dims.");
        foreach (string output in _differences.Keys.Where(o => Cases.All(c => c.Optimised.GetValueOrDefault(o) is not { Count: > 0 })))
            Notes.Add($"The output '{output}' had no elements on any of these inputs, so nothing of it was compared.");
        foreach (string output in Cases.SelectMany(c => c.Optimised.Where(o => OutputDifference.HasNonFinite(o.Value)).Select(o => o.Key)).Distinct(StringComparer.Ordinal))
            Notes.Add($"The output '{output}' has elements that are not finite numbers, which hides differences.");
        if (!_isWidened)
            Notes.AddRange(ReferenceCase.UnsettledOf(Cases).Select(ReferenceCase.UnsettledNote));
    }

    /// <summary>
    /// The same of a model whose floats of 16 bits became 32 on the way: there the published file is the one that is off, which may be by any amount. The widened one must be no further from exact
    /// arithmetic than it, and what became of it must give the same as it.
    /// </summary>
    /// <param name="widened">The model right after it was widened.</param>
    /// <param name="path">What it became.</param>
    /// <exception cref="RewriteException">The models differ, or nothing can be compared.</exception>
    public void CompareWidened(string widened, string path)
    {
        _isWidened = true;
        Compare(path);
        using ModelUnderTest step = new(widened, cancellationToken: cancellationToken);
        List<Failure> failures = [];
        if (new PrecisionCheck(published, options.Threads, Cases).Run(step, failures).WhyNot is { } why)
            throw new RewriteException($"--widen: the widened model cannot be compared with 32 bits: {why}. Nothing was written. Leave --widen out.");
        if (failures.Count > 0)
            throw Different($"{(failures[0].Output is { } output ? $"the output '{output}' " : "")}{failures[0].What}");
        if (widened != path)
            new FixVerification(step, options, cancellationToken).Compare(path);
    }

    /// <summary>Several samples together against one by one.</summary>
    /// <exception cref="RewriteException">They differ.</exception>
    public BatchReport CompareBatch(string path)
    {
        using ModelUnderTest changed = new(path, cancellationToken: cancellationToken);
        using References references = new(changed, options.Threads);
        List<Failure> failures = [];
        BatchReport report = BatchCheck.Run(changed, references.RunFile, new InputMaker(changed.Graph, options.Fills), Sample, options.SeedOfInputs, failures, Notes);
        return failures.Count == 0 && report.Samples > 0
            ? report
            : throw new RewriteException($"--dynamic-batch: {(failures.Count > 0 ? failures[0].What : report.Reason)}. Nothing was written.");
    }

    private References Open()
    {
        try
        {
            return new References(published, options.Threads);
        }
        catch (SegmentException e)
        {
            throw new RewriteException($"ONNX Runtime does not run the model as published, so nothing can be compared: {e.Message}", e);
        }
    }

    private SessionChain OpenChanged(ModelUnderTest other)
    {
        try
        {
            return SessionChain.OfFile(other, new SessionRequest(GraphOptimizationLevel.ORT_ENABLE_ALL, options.Threads));
        }
        catch (SegmentException e)
        {
            throw Different(e.Message);
        }
    }

    private void Compare(SessionChain changed, ReferenceCase reference)
    {
        Dictionary<string, TensorCopy> actual;
        try
        {
            actual = changed.Run(reference.Inputs.Values, published.Graph.Outputs);
        }
        catch (SegmentException e)
        {
            throw Different(e.Message);
        }
        foreach ((string output, TensorCopy expected) in reference.Optimised.Where(o => !reference.Unstable.Contains(o.Key)))
        {
            OutputDifference difference = reference.Between(output, expected, actual.GetValueOrDefault(output)), own = reference.Own[output].Difference;
            _differences[output] = _differences.GetValueOrDefault(output, OutputDifference.None).Or(difference);
            if ((_isWidened && difference.Other is null) || Tolerance.Allows(published, expected.Type, difference, own))
                continue;
            // Not by anything that was changed, perhaps.
            if (difference.Other is null && !Tolerance.IsFloat(expected.Type) && own.Absolute > 0)
                throw new RewriteException($"The output '{output}' of the changed model differs from the published one's by {difference.Apart()} ({reference.Inputs.Name}). ONNX Runtime's own optimisations change this output of the published model, too, as where two scores are nearly equal, so that the two cannot be compared by it. Nothing was written. Give inputs that the model was made for, with --inputs: the two are then compared on these alone.");
            throw Different(difference.Other is { } other ? $"the output '{output}': {other}" : $"the output '{output}' differs by {difference.Apart()} ({reference.Inputs.Name})");
        }
    }

    private static RewriteException Different(string what) =>
        new($"The changed model does not give what the published one gives: {what}. Nothing was written. This is a bug of cleave fix: please report it.");
}
