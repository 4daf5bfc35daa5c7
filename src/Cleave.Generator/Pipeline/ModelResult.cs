using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Releases;
using Cleave.Generator.Model;

namespace Cleave.Generator.Pipeline;

/// <summary>What one file gives: a runner to write, problems to report, or both (warnings).</summary>
internal sealed record ModelResult(RunnerFile? Runner, EquatableArray<ReportedProblem> Problems)
{
    public static ModelResult Of(ModelFile file, ProjectFacts project, Func<string, ModelListing> read, CancellationToken cancellation = default)
    {
        string source = project.Shorten(file.Path);
        string place = file.Path;
        List<Problem> problems = [];
        RunnerSpec? spec = null;
        try
        {
            if (!file.IsListing)
            {
                problems.Add(new Problem(Rules.TargetsMissing));
            }
            else
            {
                string text = file.Text ?? throw new ListingException(1, "the file is missing or no text");
                ModelListing listing = read(text);
                if (listing.Options.Source.Length > 0)
                {
                    source = listing.Options.Source;
                    place = project.PathOf(source);
                }
                if (project.OldLanguage.Length > 0)
                    return Failed(new Problem(Rules.LanguageTooOld, project.OldLanguage));
                spec = SpecBuilder.Build(listing, source, project.RootNamespace, problems, cancellation);
                if (listing.Model is { } model)
                    problems.AddRange(ReleaseCheck.Of(model, project.OnnxRuntime));
            }
            return Result();
        }
        catch (ListingException e)
        {
            return Failed(new Problem(Rules.ListingUnreadable, e.Message));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // An exception here would take away every model's classes; so it costs only this one's.
            return Failed(new Problem(Rules.GeneratorFailed, e.GetType().Name + ": " + e.Message));
        }

        ModelResult Failed(Problem problem)
        {
            problems.Clear();
            problems.Add(problem);
            spec = null;
            return Result();
        }

        ModelResult Result() => new(
            spec is null ? null : new RunnerFile(spec, place),
            new([.. problems.Select(p => ReportedProblem.Of(p, source, place))]));
    }
}

/// <summary>A runner to write, and the file that its diagnostics stand at.</summary>
internal sealed record RunnerFile(RunnerSpec Spec, string Place);
