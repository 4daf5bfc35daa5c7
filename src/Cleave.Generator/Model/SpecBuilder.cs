using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Passes;
using Cleave.Core.Placement;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;

namespace Cleave.Generator.Model;

/// <summary>Makes the spec of a runner from a listing, or says why there can be none.</summary>
internal sealed class SpecBuilder
{
    // Members of the generated classes and of every object.
    public static readonly string[] ObjectMembers =
        ["Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize", "ReferenceEquals"];

    /// <summary>Members of the generated runners.</summary>
    public static readonly string[] RunnerMembers =
    [
        "Run", "RunAsync", "RunMany", "RunManyAsync", "ReloadAsync", "TuneAsync", "Dispose", "DisposeAsync", "Bind", "Collect", "Rent", "NewBinder", "CreateCall",
        "DeviceReport", "Budgets", "Definition", RunnerSpec.WholePlan, "Whole", "Plan", "Trunk",
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
    public static RunnerSpec? Build(ModelListing listing, string source, string rootNamespace, List<Problem> problems, CancellationToken cancellation = default)
    {
        problems.AddRange(listing.Problems);
        OptionReader options = new(listing.Options, problems, Rules.BadMetadata);
        string modelName = NameOf(source);
        string stem = options.Stem(modelName);
        string space = options.Namespace(rootNamespace);
        string access = options.Access();
        bool? slicing = options.Slicing();
        string? weights = options.Weights();
        string? plan = options.Plan(slicing);
        options.CheckValidation();
        SettingSpec[] settings = SettingReader.Read(listing.Options, problems);
        AcceleratorOptions? accelerator = AcceleratorOptions.Read(listing.Options, slicing, problems);
        if (listing.Model is not { } model)
        {
            if (!HasError(problems))
                problems.Add(new Problem(Rules.ListingUnreadable, "the graph is missing"));
            return null;
        }

        SpecBuilder builder = new(stem, problems);
        ModelPart? part = Part(model, listing.Options.Outputs, slicing, problems);
        TensorSpec[] inputs = builder.Tensors([.. model.Graph.CallerInputs().Where(i => part?.Reads(i.Name) != false)], isInput: true);
        TensorSpec[] outputs = builder.Outputs(model, listing.Options.Outputs, part);
        if (model.Graph.Outputs.Count == 0 && part is null)
            problems.Add(new Problem(Rules.NoOutputs));
        if (HasError(problems))
            return null;

        if (ModelPlanner.Plan(model, part?.Outputs, Mode(plan, slicing), listing.Options.Dims, problems, cancellation) is not { } planned)
            return null;
        RunnerSpec runner = builder.WithValues(planned, inputs, outputs, new RunnerSpec
        {
            Namespace = space,
            Stem = stem,
            Access = access,
            Source = listing.Options.Link.Length > 0 ? listing.Options.Link : source,
            // Files of several models may have one name: `model.onnx` mostly has.
            ModelName = listing.Options.ClassName.Length == 0 ? modelName : stem,
            OutputPath = listing.Options.Path,
            Hash = listing.Hash,
            Slicing = slicing,
            Weights = weights,
            Plan = plan,
            Settings = new(settings),
            Nodes = part is null ? "*" : NodeRanges.Write(part.Nodes),
            Facts = FactsBuilder.Of(model, part),
        });
        runner = builder.WithPlans(planned, runner);
        return accelerator is null ? runner : builder.WithAccelerator(planned, runner, accelerator, listing.Options.Accelerator, cancellation);
    }

    /// <summary>Whether a value's shape is found in the first call of the same dimensions: what the shape says, the runtime knows before it.</summary>
    public static bool IsSteady(GraphFacts facts, string name, bool rankIsKnown, IEnumerable<DimSpec> shape, HashSet<string> dimensions) =>
        !(rankIsKnown && shape.All(d => d.Size is not null || (d.Symbol is { } symbol && dimensions.Contains(symbol)))) && facts.IsSteady(name);

    private static PlanMode Mode(string? plan, bool? slicing) =>
        plan == "Whole" || slicing == false ? PlanMode.Whole : plan == "Split" ? PlanMode.Split : PlanMode.Auto;

    // What callers give and get, and what that is predicted to take.
    private RunnerSpec WithValues(PlannedModel model, TensorSpec[] inputs, TensorSpec[] outputs, RunnerSpec runner)
    {
        SymbolBuilder symbols = new(_properties, _parameters, inputs, outputs);
        inputs = symbols.Name(inputs);
        HashSet<string> dimensions = new(symbols.Symbols.Select(s => s.Name), StringComparer.Ordinal);
        outputs = Array.ConvertAll(outputs, o => o with { IsSteady = IsSteady(model.Graph.Facts, o.Name, o.RankIsKnown, o.Shape, dimensions) });
        PredictionSpec predicted = PredictionBuilder.Of(model, inputs, outputs);
        return runner with
        {
            Symbols = new([.. symbols.Symbols]),
            PlannedSizes = new([.. symbols.Symbols.Select(s => model.Sizes.TryGetValue(s.Name, out long size) ? (int)Math.Min(size, int.MaxValue) : 1)]),
            Inputs = new([.. inputs.Select(WithShapeNames)]),
            Outputs = new(outputs),
            Batch = predicted.Batch,
            NoBatch = predicted.NoBatch,
            Times = predicted.Times,
        };
    }

    // A row that says the same as the one before it is left out.
    private RunnerSpec WithPlans(PlannedModel model, RunnerSpec runner)
    {
        Dictionary<ExecutionPlan, string> classes = [];
        List<PlanSpec> plans = [];
        List<BudgetSpec> budgets = [];
        foreach (BudgetRow row in model.Table.Rows)
        {
            PlannedRun run = row.Chosen;
            if (!classes.TryGetValue(run.Plan, out string? type))
            {
                classes.Add(run.Plan, type = run.Plan.IsSplit ? _fields.Take(PlanSpecBuilder.ClassName(run.Plan)) : RunnerSpec.WholePlan);
                if (run.Plan.IsSplit)
                    plans.Add(new PlanSpecBuilder(model.Of(run.Rewritten), run, runner, type).Build());
            }
            BudgetSpec budget = new(row.Cores, type, new(run.Threads), DurationText.Predicted(run.Nanoseconds) + ": " + row.Why);
            if (budgets.Count == 0 || budgets[budgets.Count - 1].Class != type || !budgets[budgets.Count - 1].Threads.Equals(budget.Threads))
                budgets.Add(budget);
        }
        return runner with { PlannedFor = model.For, Budgets = new([.. budgets]), Plans = new([.. plans]) };
    }

    private RunnerSpec WithAccelerator(PlannedModel model, RunnerSpec runner, AcceleratorOptions options, IReadOnlyList<string> measured, CancellationToken cancellation)
    {
        AcceleratorProfile profile;
        try
        {
            profile = measured.Count > 0 ? AcceleratorProfileText.Of(measured) : AcceleratorProfiles.Default;
        }
        catch (FormatException e)
        {
            _problems.Add(new Problem(Rules.ListingUnreadable, "the accelerator's profile: " + e.Message));
            return runner;
        }
        if (AcceleratorPlanner.Plan(model, options, profile, _problems, cancellation) is not { } placed)
            return runner;
        string type = _fields.Take("On" + Identifiers.Pascal(options.Kind, "Device"));
        PlanSpec plan = new PlanSpecBuilder(placed.Model, AcceleratorPlanner.AsRun(placed), runner, type, placed.Run, options.Kind).Build();
        return runner with
        {
            Plans = new([.. runner.Plans, plan]),
            Device = new DeviceSpec(options.Kind, type, new(placed.Run.Threads), AcceleratorPlanner.Comment(placed.Run, profile))
            {
                FewerCoresThan = AcceleratorPlanner.CoresInstead(model, options.Request, placed.Run),
            },
        };
    }

    private static bool HasError(List<Problem> problems) => problems.Exists(p => p.Rule.Severity == Severity.Error && !p.Rule.KeepsClass);

    private static string NameOf(string source)
    {
        string file = source.Substring(source.LastIndexOf('/') + 1);
        int dot = file.LastIndexOf('.');
        return dot > 0 ? file.Substring(0, dot) : file;
    }

    // Null: the whole model runs, or something is wrong with the names.
    private static ModelPart? Part(OnnxModel model, IReadOnlyList<string> names, bool? slicing, List<Problem> problems)
    {
        if (names.Count == 0 || ModelPart.IsWhole(model, names))
            return null;
        if (slicing == false)
            problems.Add(new Problem(Rules.ChosenOutputsNeedSlicing, string.Join("; ", names)));
        return ModelPart.For(model, names, problems);
    }

    private TensorSpec[] Outputs(OnnxModel model, IReadOnlyList<string> names, ModelPart? part)
    {
        if (names.Count == 0)
            return Tensors(model.Graph.Outputs, isInput: false);
        Dictionary<string, ValueInfo> declared = new(StringComparer.Ordinal);
        foreach (ValueInfo output in model.Graph.Outputs)
            declared[output.Name] = output;
        List<TensorSpec> outputs = [];
        foreach (string name in names)
        {
            TensorSpec? output = declared.TryGetValue(name, out ValueInfo? value) ? Tensor(value, outputs.Count, isInput: false)
                : part is not null ? Inner(name, part.FactsOf(name), outputs.Count)
                : null;
            if (output is not null)
                outputs.Add(output);
        }
        return [.. outputs];
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
        if (TypeText.CSharp(type.Element) is null)
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

        return Named(value.Name, type.Element, index, isInput) with
        {
            RankIsKnown = type.Shape is not null,
            Shape = new(Array.ConvertAll(type.Shape ?? [], Dim)),
            Description = value.DocString,
        };
    }

    // A value inside the model, chosen as an output.
    private TensorSpec? Inner(string name, ValueFacts facts, int index)
    {
        if (TypeText.CSharp(facts.Element) is null)
        {
            _problems.Add(new Problem(Rules.ElementTypeNotSupported, "output", name, facts.Element.Word()));
            return null;
        }
        return Named(name, facts.Element, index, isInput: false) with
        {
            RankIsKnown = facts.Shape is not null,
            Shape = new(Array.ConvertAll(facts.Shape ?? [], DimSpec.Of)),
        };
    }

    private TensorSpec Named(string name, ElementType type, int index, bool isInput)
    {
        string prefix = isInput ? "Input" : "Output";
        string wanted = Identifiers.Pascal(name, prefix);
        string property = _properties.Take(wanted.Length > 0 ? wanted : prefix + index.ToString(CultureInfo.InvariantCulture));
        return new TensorSpec
        {
            Name = name,
            Type = type,
            Property = property,
            Field = _fields.Take(property),
            RankIsKnown = true,
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
