using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Generator.Model;

namespace Cleave.Generator.Pipeline;

/// <summary>What an ensemble's file gives: a runner to write, problems to report, or both (notes).</summary>
internal sealed record EnsembleResult(EnsembleRunnerFile? Runner, EquatableArray<ReportedProblem> Problems)
{
    public static EnsembleResult Of(EnsembleFile file, ImmutableArray<RunnerFile> models, ProjectFacts project)
    {
        // Said of each member.
        if (project.OldLanguage.Length > 0)
            return new(null, new([]));
        string name = project.Shorten(file.Path);
        string place = file.Path;
        List<Problem> problems = [];
        EnsembleSpec? spec = null;
        try
        {
            EnsembleListing ensemble = EnsembleText.Read(file.Text ?? throw new ListingException(1, "the file is missing or no text"));
            name = ensemble.Name;
            place = project.PathOf(ensemble.Source);
            spec = EnsembleBuilder.Build(ensemble, [.. models.Select(m => m.Spec)], project.RootNamespace, problems);
        }
        catch (ListingException e)
        {
            problems = [new Problem(Rules.ListingUnreadable, e.Message)];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // As with a model: it costs this one's class only.
            problems = [new Problem(Rules.GeneratorFailed, e.GetType().Name + ": " + e.Message)];
            spec = null;
        }
        return new(spec is null ? null : new EnsembleRunnerFile(spec, place), new([.. problems.Select(p => ReportedProblem.Of(p, name, place))]));
    }
}

/// <summary>An ensemble's runner to write, and the file that its diagnostics stand at.</summary>
internal sealed record EnsembleRunnerFile(EnsembleSpec Spec, string Place)
{
    /// <summary>Its own, and those of its members, which the code names.</summary>
    public IEnumerable<string> Classes => Spec.Members.Select(m => m.Runner).Prepend(Spec.Surface.FullName);

    public ClassName Name => new(Spec.Surface.FullName, Spec.Surface.Source, Place);
}
