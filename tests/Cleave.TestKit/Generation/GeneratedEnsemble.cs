using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Generator;
using Cleave.Generator.Model;
using Cleave.Generator.Pipeline;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Cleave.TestKit.Generation;

/// <summary>An ensemble taken through the whole path in memory: listings of the members, its own file, generator, compiler, loaded assembly.</summary>
internal static class GeneratedEnsemble
{
    /// <summary>The runner of an ensemble of model files.</summary>
    /// <param name="ensemble">What its item says, but for the members.</param>
    /// <param name="files">The members.</param>
    /// <param name="options">How to run it; <c>ConfigureMember</c> is called after the members' files are set.</param>
    /// <param name="sources">C# of the application's own: a rule.</param>
    /// <exception cref="InvalidOperationException">The generator reported an error, or its code does not compile.</exception>
    public static GeneratedRunner Open(EnsembleListing ensemble, IReadOnlyList<string> files, EnsembleOptions? options = null, params string[] sources)
    {
        GeneratedModel model = Generate(ensemble, files, sources);
        Dictionary<string, string> byName = files.ToDictionary(f => Path.GetFileName(f), f => f);
        options ??= new EnsembleOptions();
        Action<string, RunnerOptions>? configure = options.ConfigureMember;
        options.ConfigureMember = (name, member) =>
        {
            member.Model = ModelSource.File(byName[name]);
            configure?.Invoke(name, member);
        };
        return new GeneratedRunner(model, options);
    }

    /// <summary>Generates, compiles and loads it.</summary>
    public static GeneratedModel Generate(EnsembleListing ensemble, IReadOnlyList<string> files, params string[] sources)
    {
        ModelListing[] listings = [.. files.Select(f => ModelLister.List(f, new ListingOptions { Source = Path.GetFileName(f), Path = "models/" + Path.GetFileName(f) }, CancellationToken.None))];
        ensemble = ensemble with { Source = "App.csproj", Members = [.. listings.Select(l => new EnsembleMemberEntry(l.Options.Source, l.Options.Path))] };
        ProjectFacts facts = new("Generated", "", "", "");
        BuildFile[] inputs = [.. listings.Select((l, i) => new BuildFile("model" + i + ".graph", Compiling.Text(l))), new BuildFile("ensemble" + EnsembleText.Ending, Text(ensemble))];
        EnsembleResult result = EnsembleResult.Of(
            new EnsembleFile("ensemble" + EnsembleText.Ending, Text(ensemble)),
            [.. inputs.Take(files.Count).Select(f => ModelResult.Of(new ModelFile(f.Path, IsListing: true, f.GetText()!.ToString()), facts, ListingReader.Read).Runner!)],
            facts);
        CSharpGeneratorDriver
            .Create([new RunnerGenerator().AsSourceGenerator()], inputs, Compiling.CSharp12, new BuildOptions(("RootNamespace", facts.RootNamespace)))
            .RunGeneratorsAndUpdateCompilation(Compiling.Project(sources), out Compilation compilation, out ImmutableArray<Diagnostic> reported);
        Compiling.Expect(reported, "The generator reported");
        RunnerSpec spec = result.Runner?.Spec.Surface ?? throw new InvalidOperationException("No runner was generated.");
        return new GeneratedModel(spec, GeneratedModel.Load(compilation), compilation.SyntaxTrees.ToDictionary(t => t.FilePath, t => t.ToString()));
    }

    /// <summary>The text of an ensemble's file.</summary>
    public static string Text(EnsembleListing ensemble)
    {
        using MemoryStream stream = new();
        EnsembleText.Write(ensemble, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
