using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;

namespace Cleave.Generator.Model;

/// <summary>Makes the spec of a runner from a listing, or says why there can be none.</summary>
internal sealed class SpecBuilder
{
    // Members of the generated classes and of every object.
    private static readonly string[] ObjectMembers =
        ["Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize", "ReferenceEquals"];

    private static readonly string[] RunnerMembers =
    [
        "Run", "RunAsync", "RunManyAsync", "Dispose", "DisposeAsync", "Bind", "Collect", "Rent", "NewBinder", "CreateCall",
        "Budgets", "Definition", "WholePlan", "Whole", "Plan", "Trunk",
    ];

    private readonly List<Problem> _problems;
    private readonly NameScope _properties;
    private readonly NameScope _fields;
    private readonly NameScope _parameters = new("binder");

    private SpecBuilder(string stem, List<Problem> problems)
    {
        _problems = problems;
        string[] classes = [stem + "Runner", stem + "Input", stem + "Output", stem + "Call"];
        _properties = new([.. ObjectMembers, .. classes, "Dispose", "Run"]);
        _fields = new([.. ObjectMembers, .. classes, .. RunnerMembers]);
    }

    /// <summary>The spec, or null and at least one error among <paramref name="problems"/>.</summary>
    public static RunnerSpec? Build(ModelListing listing, string source, string rootNamespace, List<Problem> problems)
    {
        problems.AddRange(listing.Problems);
        OptionReader options = new(listing.Options, problems);
        string modelName = NameOf(source);
        string stem = options.Stem(modelName);
        string space = options.Namespace(rootNamespace);
        string access = options.Access();
        bool? slicing = options.Slicing();
        string? weights = options.Weights();
        if (listing.Model is not { } model)
        {
            if (!HasError(problems))
                problems.Add(new Problem(Rules.ListingUnreadable, "the graph is missing"));
            return null;
        }

        SpecBuilder builder = new(stem, problems);
        HashSet<string> constants = new(
            model.Graph.Initializers.Select(i => i.Name).Concat(model.Graph.SparseInitializers.Select(s => s.Name)),
            StringComparer.Ordinal);
        TensorSpec[] inputs = builder.Tensors([.. model.Graph.Inputs.Where(i => !constants.Contains(i.Name))], isInput: true);
        TensorSpec[] outputs = builder.Tensors(model.Graph.Outputs, isInput: false);
        if (model.Graph.Outputs.Count == 0)
            problems.Add(new Problem(Rules.NoOutputs));
        if (HasError(problems))
            return null;

        SymbolBuilder symbols = new(builder._properties, builder._parameters, inputs, outputs);
        inputs = symbols.Name(inputs);
        return new RunnerSpec
        {
            Namespace = space,
            Stem = stem,
            Access = access,
            Source = source,
            ModelName = modelName,
            OutputPath = listing.Options.Path,
            Hash = listing.Hash,
            Slicing = slicing,
            Weights = weights,
            Facts = FactsBuilder.Of(model),
            Symbols = new([.. symbols.Symbols]),
            Inputs = new([.. inputs.Select(builder.WithShapeNames)]),
            Outputs = new(outputs),
        };
    }

    private static bool HasError(List<Problem> problems) => problems.Exists(p => p.Rule.Severity == Severity.Error);

    private static string NameOf(string source)
    {
        string file = source.Substring(source.LastIndexOf('/') + 1);
        int dot = file.LastIndexOf('.');
        return dot > 0 ? file.Substring(0, dot) : file;
    }

    private TensorSpec[] Tensors(IReadOnlyList<ValueInfo> values, bool isInput)
    {
        List<TensorSpec> tensors = new(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            if (Tensor(values[i], i, isInput) is { } tensor)
                tensors.Add(tensor);
        }
        return [.. tensors];
    }

    private TensorSpec? Tensor(ValueInfo value, int index, bool isInput)
    {
        string kind = isInput ? "input" : "output";
        if (value.Type is not OnnxType.Tensor type)
        {
            _problems.Add(new Problem(Rules.NotATensor, kind, value.Name, TypeText.Words(value.Type)));
            return null;
        }
        if (TypeText.CSharp(type.Element) is not { } element)
        {
            _problems.Add(new Problem(Rules.ElementTypeNotSupported, kind, value.Name, type.Element.Word()));
            return null;
        }
        if (type.Shape is { } shape && IsTooLarge(shape))
        {
            string dims = string.Join(",", Array.ConvertAll(shape, d => d.Value?.ToString(CultureInfo.InvariantCulture) ?? d.Name ?? "?"));
            _problems.Add(new Problem(Rules.TensorTooLarge, kind, value.Name, dims));
            return null;
        }

        string prefix = isInput ? "Input" : "Output";
        string wanted = Identifiers.Pascal(value.Name, prefix);
        string property = _properties.Take(wanted.Length > 0 ? wanted : prefix + index.ToString(CultureInfo.InvariantCulture));
        return new TensorSpec
        {
            Name = value.Name,
            ElementWord = type.Element.Word(),
            Element = element,
            Property = property,
            Field = _fields.Take(property),
            RankIsKnown = type.Shape is not null,
            Shape = new(Array.ConvertAll(type.Shape ?? [], Dim)),
            Description = value.DocString,
        };
    }

    private TensorSpec WithShapeNames(TensorSpec input)
    {
        if (input.RankIsKnown)
            return input;
        string property = _properties.Take(input.Property + "Shape");
        return input with { ShapeProperty = property, ShapeParameter = _parameters.Take(Identifiers.Camel(property)) };
    }

    // ONNX Runtime takes a negative number and an empty name for an unknown dimension; some exporters write them.
    private static DimSpec Dim(Dimension dimension) => dimension switch
    {
        { Value: >= 0 and long size } => new((int)size, null),
        { Value: null, Name: { Length: > 0 } name } => new(null, name),
        _ => default,
    };

    // More than an array can hold, whatever the dynamic dimensions are.
    private static bool IsTooLarge(Dimension[] shape)
    {
        double elements = 1;
        foreach (Dimension dimension in shape)
        {
            if (dimension.Value > int.MaxValue)
                return true;
            // An unknown dimension can be zero: then nothing is too large.
            elements *= dimension.Value is >= 0 and long size ? size : 0;
        }
        return elements > int.MaxValue;
    }
}
