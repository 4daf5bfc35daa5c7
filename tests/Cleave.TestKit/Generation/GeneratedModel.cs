using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Generator;
using Cleave.Generator.Emit;
using Cleave.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Cleave.TestKit.Generation;

/// <summary>
/// A model taken through the whole path in memory: listing, generator, compiler, loaded assembly.
/// What a test reaches by a tensor's name in the model goes through the generated class, nothing beside it.
/// </summary>
public sealed class GeneratedModel
{
    private readonly Assembly _assembly;
    private string? _file;

    internal GeneratedModel(RunnerSpec spec, Assembly assembly, IReadOnlyDictionary<string, string> sources)
    {
        Spec = spec;
        _assembly = assembly;
        Sources = sources;
    }

    internal RunnerSpec Spec { get; }

    /// <summary>The generated files by name.</summary>
    public IReadOnlyDictionary<string, string> Sources { get; }

    /// <summary>Names of the inputs in the model, in the order of the generated class.</summary>
    public IReadOnlyList<string> Inputs => [.. Spec.Inputs.Select(i => i.Name)];

    /// <summary>Names of the outputs in the model, in the order of the generated class.</summary>
    public IReadOnlyList<string> Outputs => [.. Spec.Outputs.Select(o => o.Name)];

    /// <summary>Lists a model file and goes on from there; its runners open that file.</summary>
    /// <param name="path">The model's file.</param>
    /// <param name="outputs">The values chosen as outputs; none: the model's.</param>
    /// <exception cref="InvalidOperationException">The generator reported something, or its code does not compile.</exception>
    public static GeneratedModel FromFile(string path, params string[] outputs) => FromFile(path, new ListingOptions { Outputs = outputs });

    /// <summary>The same with other item metadata.</summary>
    internal static GeneratedModel FromFile(string path, ListingOptions options, Func<string, string>? edit = null)
    {
        string name = Path.GetFileName(path);
        GeneratedModel model = FromListing(ModelLister.List(path, options with { Source = name, Path = "models/" + name }, CancellationToken.None), edit);
        model._file = path;
        return model;
    }

    /// <summary>Generates, compiles and loads the runner of a listing; what is generated is edited before.</summary>
    /// <exception cref="InvalidOperationException">The generator reported something, or its code does not compile.</exception>
    internal static GeneratedModel FromListing(ModelListing listing, Func<string, string>? edit = null)
    {
        string text = Compiling.Text(listing);
        BuildFile file = new("model.graph", text);
        // Planning takes the longest: what the generator planned is kept.
        RunnerSpec? planned = null;
        RunnerGenerator generator = new(ListingReader.Read, runner => RunnerEmitter.Emit(planned = runner));

        CSharpCompilation project = Compiling.Project();
        CSharpGeneratorDriver
            .Create([generator.AsSourceGenerator()], [file], Compiling.CSharp12, new BuildOptions(("RootNamespace", "Generated")))
            .RunGeneratorsAndUpdateCompilation(project, out Compilation compilation, out ImmutableArray<Diagnostic> reported);
        Compiling.Expect(reported, "The generator reported");
        RunnerSpec spec = planned ?? throw new InvalidOperationException("No runner was generated.");
        if (edit is not null)
        {
            foreach (SyntaxTree tree in compilation.SyntaxTrees)
                compilation = compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(edit(tree.ToString()), Compiling.CSharp12, tree.FilePath));
        }
        Dictionary<string, string> sources = compilation.SyntaxTrees.ToDictionary(t => Path.GetFileName(t.FilePath), t => t.ToString());
        return new GeneratedModel(spec, Load(compilation), sources);
    }

    /// <summary>A new runner; of the file given, unless the options say otherwise.</summary>
    public GeneratedRunner CreateRunner(RunnerOptions? options = null)
    {
        options ??= new RunnerOptions();
        if (_file is not null)
            options.Model ??= ModelSource.File(_file);
        return new GeneratedRunner(this, options);
    }

    internal Type TypeOf(string name) =>
        _assembly.GetType(Spec.Namespace + "." + name, throwOnError: true)!;

    internal static Assembly Load(Compilation compilation)
    {
        using MemoryStream image = new();
        Compiling.Expect(compilation.Emit(image).Diagnostics, "The generated code does not compile");
        image.Position = 0;
        // The loaded assembly finds Cleave.Runtime where the test host has it; it goes away with its last runner.
        return new AssemblyLoadContext("generated", isCollectible: true).LoadFromStream(image);
    }
}
