using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.OnnxProto;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Fixing;

/// <summary>Changes a model, compares it with the published one, measures what was gained, and only then gives it its name.</summary>
internal sealed class FixRun(FixOptions options, Action<string, double> progress, CancellationToken cancellationToken)
{
    private const string Published = "published";

    private readonly List<string> _notes = [];

    /// <exception cref="RewriteException">Nothing was written; why.</exception>
    /// <exception cref="RefusedException">The same: the inputs asked for do not fit.</exception>
    /// <exception cref="Core.Diagnostics.ModelException">The same: there is no usable model.</exception>
    public FixReport Run()
    {
        progress("reading", 0);
        using ModelUnderTest published = new(options.Model, cancellationToken: cancellationToken);
        ReferenceCases.Check(new InputMaker(published.Graph, options.Inputs.Fills), options.Inputs.Samples, options.Inputs.Fills);
        using TargetFile target = new(options.Output, published.Path);
        ModelProto model = ModelMessage.Read(published.Path);
        ExternalWeights external = new(published.Folder);
        target.Spare(external.Files(model));
        bool movesWeights = !target.IsBesideSource && ExternalWeights.Has(model);
        List<AppliedChange> changes = ModelFix.Apply(model, options.Batch, options.Widen);
        string data = target.Draft("data"), draft = target.Draft("onnx");
        if (movesWeights)
            external.Move(model, data);
        if (changes.Count > 0 || movesWeights)
            ModelMessage.Write(model, draft);
        else
            File.WriteAllBytes(draft, File.ReadAllBytes(published.Path));
        if (options.Batch != null && !changes.Any(c => c.Kind == ModelFix.Batch))
            _notes.Add("--dynamic-batch: the model has a batch axis already.");
        if (options.Widen && !changes.Any(c => c.Kind == ModelFix.Widened))
            _notes.Add($"--widen: {WidenedHalves.WhyNot(model) ?? "the model computes nothing in 16 bits"}.");
        FixReport report = changes.Count == 0 ? Report([], null, null) : Judge(published, changes, target, draft, movesWeights ? external : null);
        cancellationToken.ThrowIfCancellationRequested();
        Commit(model, target, draft, movesWeights ? data : null);
        return report;
    }

    private FixReport Judge(ModelUnderTest published, List<AppliedChange> changes, TargetFile target, string draft, ExternalWeights? external)
    {
        progress("comparing", 0);
        FixVerification verification = new(published, options.Inputs, cancellationToken);
        List<(string Name, string Path, IReadOnlyDictionary<string, long> More)> stages = Stages(published, changes, target, draft, external);
        if (changes.FindIndex(static c => c.Kind == ModelFix.Widened) is >= 0 and int widened)
            verification.CompareWidened(stages[widened + 1].Path, draft);
        else
            verification.Compare(draft);
        if (options.Measure && verification.Sample is null)
            verification.Notes.Add("Nothing was measured: that is done on random inputs, in sizes that --dims gives beside --inputs.");
        BatchReport? batch = changes.Any(c => c.Kind == ModelFix.Batch) ? verification.CompareBatch(draft) : null;
        FileTiming? timing = options.Measure && verification.Sample is { } sample
            ? FileTiming.Measure(stages, verification.InputsOfSample, sample, progress, cancellationToken)
            : null;
        List<FixChange> measured = [];
        string before = Published;
        foreach (AppliedChange change in changes)
        {
            measured.Add(new FixChange(change.Kind, change.What, change.Count, timing?.GainOf(before, change.Kind)));
            before = change.Kind;
        }
        if (timing?.Failure is { } failure)
            verification.Notes.Add("Not everything could be measured: " + failure);
        return Report(measured, timing?.GainOf(Published, before), verification) with { Batch = batch };
    }

    // The published file, and one for each change; the last of them is the draft.
    private List<(string Name, string Path, IReadOnlyDictionary<string, long> More)> Stages(
        ModelUnderTest published, List<AppliedChange> changes, TargetFile target, string draft, ExternalWeights? external)
    {
        Dictionary<string, long> none = [], more = none;
        List<(string Name, string Path, IReadOnlyDictionary<string, long> More)> stages = [(Published, published.Path, none)];
        foreach (AppliedChange change in changes)
        {
            string path = draft;
            if (change != changes[^1])
            {
                path = target.Draft(change.Kind);
                external?.Move(change.After, target.Draft(change.Kind + ".data"));
                ModelMessage.Write(change.After, path);
            }
            if (change.Kind == ModelFix.Batch && published.Graph.Facts.Of(published.Graph.Model.Graph.CallerInputs()[0].Name).Shape?[0].Value is { } size)
                more = new Dictionary<string, long> { [options.Batch!] = size };
            stages.Add((change.Kind, path, more));
        }
        return stages;
    }

    private static void Commit(ModelProto model, TargetFile target, string draft, string? data)
    {
        if (data != null)
        {
            ExternalWeights.Rename(model, Path.GetFileName(data), Path.GetFileName(target.DataPath));
            ModelMessage.Write(model, draft);
            File.Move(data, target.DataPath, overwrite: true);
        }
        File.Move(draft, target.Path, overwrite: true);
    }

    private FixReport Report(IReadOnlyList<FixChange> changes, Gain? gain, FixVerification? verification) => new()
    {
        Model = options.Model,
        Output = options.Output,
        OnnxRuntime = OrtEnv.Instance().GetVersionString(),
        Changes = changes,
        Gain = gain,
        Inputs = verification is null ? [] : [.. verification.Cases.Select(c => c.Inputs.Name).Distinct(StringComparer.Ordinal)],
        Given = verification is null ? [] : [.. verification.Cases.Take(options.Inputs.InputFolders.Count).Select(c => c.Inputs.Name)],
        Outputs = verification?.Outputs ?? [],
        Notes = [.. _notes, .. verification?.Notes ?? []],
    };
}
