using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Generator.Emit;
using Cleave.Generator.Model;
using Cleave.Generator.Pipeline;
using Microsoft.CodeAnalysis;

namespace Cleave.Generator;

/// <summary>Makes a typed runner from each model's listing. The whole pipeline; each stage's work lies in the type it names.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class RunnerGenerator : IIncrementalGenerator
{
    private readonly Func<string, ModelListing> _read;
    private readonly Func<RunnerSpec, IEnumerable<GeneratedFile>> _emit;

    /// <summary>What the compiler calls.</summary>
    public RunnerGenerator()
        : this(ListingReader.Read, RunnerEmitter.Emit)
    {
    }

    internal RunnerGenerator(Func<string, ModelListing> read, Func<RunnerSpec, IEnumerable<GeneratedFile>> emit)
    {
        _read = read;
        _emit = emit;
    }

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<ProjectFacts> project = context.AnalyzerConfigOptionsProvider
            .Combine(context.ParseOptionsProvider)
            .Select((pair, _) => ProjectFacts.Read(pair.Left.GlobalOptions, pair.Right))
            .WithTrackingName(TrackingNames.Project);

        IncrementalValuesProvider<ModelResult> models = Models(context, project);

        IncrementalValuesProvider<RunnerFile> specs = models
            .Where(model => model.Runner is not null)
            .Select((model, _) => model.Runner!)
            .WithTrackingName(TrackingNames.Specs);

        IncrementalValueProvider<ImmutableArray<ClassName>> classes = specs
            .Select((runner, _) => ClassName.Of(runner))
            .Collect();

        IncrementalValuesProvider<EnsembleResult> ensembles = Ensembles(context, specs, project);

        IncrementalValuesProvider<EnsembleRunnerFile> together = ensembles
            .Where(ensemble => ensemble.Runner is not null)
            .Select((ensemble, _) => ensemble.Runner!);

        IncrementalValueProvider<ClassNames> names = classes
            .Combine(together.Select((ensemble, _) => ensemble.Name).Collect())
            .Select((all, _) => ClassNames.Of(all.Left.AddRange(all.Right)))
            .WithTrackingName(TrackingNames.Names);

        IncrementalValuesProvider<NamedRunner> runners = specs
            .Combine(names)
            .Where(pair => pair.Right.AreUnique(pair.Left.Spec.FullName))
            .Select((pair, _) => new NamedRunner(pair.Left, pair.Right.Hint(pair.Left.Spec.FullName)))
            .WithTrackingName(TrackingNames.Runners);

        IncrementalValuesProvider<NamedEnsemble> ensembleRunners = together
            .Combine(names)
            .Where(pair => pair.Left.Classes.All(pair.Right.AreUnique))
            .Select((pair, _) => new NamedEnsemble(pair.Left, pair.Right.Hint(pair.Left.Spec.Surface.FullName)))
            .WithTrackingName(TrackingNames.EnsembleRunners);

        context.RegisterSourceOutput(runners, WriteSource);
        context.RegisterSourceOutput(ensembleRunners, WriteEnsemble);
        context.RegisterSourceOutput(ensembles.SelectMany((ensemble, _) => ensemble.Problems), Report);
        context.RegisterSourceOutput(models.SelectMany((model, _) => model.Problems).WithTrackingName(TrackingNames.Problems), Report);
        context.RegisterSourceOutput(names.SelectMany((all, _) => all.Clashes()).WithTrackingName(TrackingNames.Clashes), Report);
        context.RegisterSourceOutput(
            classes.Combine(project).SelectMany((pair, _) => ReleaseNote.Of(pair.Left, pair.Right.OnnxRuntime)).WithTrackingName(TrackingNames.Notes), Report);
    }

    private IncrementalValuesProvider<ModelResult> Models(IncrementalGeneratorInitializationContext context, IncrementalValueProvider<ProjectFacts> project) =>
        context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select((pair, cancellation) => ModelFile.Read(pair.Left, pair.Right, cancellation))
            .Where(file => file is not null)
            .Select((file, _) => file!)
            .WithTrackingName(TrackingNames.Files)
            .Combine(project)
            .Select((pair, cancellation) => ModelResult.Of(pair.Left, pair.Right, _read, cancellation))
            .WithTrackingName(TrackingNames.Models);

    private static IncrementalValuesProvider<EnsembleResult> Ensembles(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<RunnerFile> specs, IncrementalValueProvider<ProjectFacts> project) =>
        context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select((pair, cancellation) => EnsembleFile.Read(pair.Left, pair.Right, cancellation))
            .Where(file => file is not null)
            .Select((file, _) => file!)
            .WithTrackingName(TrackingNames.EnsembleFiles)
            .Combine(specs.Collect().Combine(project))
            .Select((pair, _) => EnsembleResult.Of(pair.Left, pair.Right.Left, pair.Right.Right))
            .WithTrackingName(TrackingNames.Ensembles);

    private static void WriteEnsemble(SourceProductionContext context, NamedEnsemble ensemble)
    {
        GeneratedFile file;
        try
        {
            file = EnsembleEmitter.Emit(ensemble.File.Spec);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Problem problem = new(Rules.GeneratorFailed, e.GetType().Name + ": " + e.Message);
            Report(context, ReportedProblem.Of(problem, ensemble.File.Name.Source, ensemble.File.Place));
            return;
        }
        context.AddSource(ensemble.Hint + file.Ending, file.Text);
    }

    private void WriteSource(SourceProductionContext context, NamedRunner runner)
    {
        RunnerSpec spec = runner.File.Spec;
        List<GeneratedFile> files;
        try
        {
            files = [.. _emit(spec)];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // An exception here would take away every model's classes; so it costs only this one's.
            Problem problem = new(Rules.GeneratorFailed, e.GetType().Name + ": " + e.Message);
            Report(context, ReportedProblem.Of(problem, spec.Source, runner.File.Place));
            return;
        }
        foreach (GeneratedFile file in files)
            context.AddSource(runner.Hint + file.Ending, file.Text);
    }

    private static void Report(SourceProductionContext context, ReportedProblem problem) =>
        context.ReportDiagnostic(problem.ToDiagnostic());

    private sealed record NamedRunner(RunnerFile File, string Hint);

    private sealed record NamedEnsemble(EnsembleRunnerFile File, string Hint);
}
