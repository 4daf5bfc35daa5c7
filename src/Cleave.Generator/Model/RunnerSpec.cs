using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Core.Shapes;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Model;

/// <summary>All that is written into a model's generated code. Equal models and options give equal specs.</summary>
internal sealed record RunnerSpec
{
    public const string WholePlan = "WholePlan";

    public required string Namespace { get; init; }

    /// <summary>What the class names begin with: <c>FaceDetector</c>.</summary>
    public required string Stem { get; init; }

    /// <summary><c>public</c> or <c>internal</c>.</summary>
    public required string Access { get; init; }

    /// <summary>What generated code calls the model: its path in the project, or the item's <c>Link</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The model's file name without its ending; for messages.</summary>
    public required string ModelName { get; init; }

    /// <summary>The model's place in the build output.</summary>
    public required string OutputPath { get; init; }

    public required string Hash { get; init; }

    /// <summary>Null: not set.</summary>
    public bool? Slicing { get; init; }

    /// <summary>The member of <c>WeightLoading</c>; null: not set.</summary>
    public string? Weights { get; init; }

    /// <summary>The member of <c>PlanChoice</c>; null: not set.</summary>
    public string? Plan { get; init; }

    /// <summary>Further properties that the model's item sets.</summary>
    public EquatableArray<SettingSpec> Settings { get; init; }

    /// <summary>The nodes that run, as generated code writes them; <c>*</c> is all.</summary>
    public string Nodes { get; init; } = "*";

    public required ModelFacts Facts { get; init; }

    /// <summary>Dimensions that a caller chooses, in the order of their first appearance in the inputs.</summary>
    public EquatableArray<SymbolSpec> Symbols { get; init; }

    /// <summary>The sizes that they are planned for.</summary>
    public EquatableArray<int> PlannedSizes { get; init; }

    public EquatableArray<TensorSpec> Inputs { get; init; }

    public EquatableArray<TensorSpec> Outputs { get; init; }

    /// <summary>The device and sizes that the plans are made for, in words.</summary>
    public string PlannedFor { get; init; } = "";

    /// <summary>The table of thread budgets, by rising cores. The class of the whole model's plan is <see cref="WholePlan"/>.</summary>
    public EquatableArray<BudgetSpec> Budgets { get; init; }

    /// <summary>The batch axis; null where none is proven.</summary>
    public BatchSpec? Batch { get; init; }

    /// <summary>Why there is none, and what helps, on one line; "" where there is one.</summary>
    public string NoBatch { get; init; } = "";

    /// <summary>What calls are predicted to take, by rising elements and samples, with the threads of <c>CallPredictor.Counts</c>; none where too little is known.</summary>
    public EquatableArray<CallTimeSpec> Times { get; init; }

    /// <summary>How it runs on an accelerator; null where it does not.</summary>
    public DeviceSpec? Device { get; init; }

    /// <summary>The distinct plans that split the model, and last the one for an accelerator.</summary>
    public EquatableArray<PlanSpec> Plans { get; init; }

    public string Runner => Stem + "Runner";

    public string Input => Stem + "Input";

    public string Output => Stem + "Output";

    public string Call => Stem + "Call";

    public string FullName => Namespace + "." + Runner;
}

/// <summary>The dimension along which samples stay apart.</summary>
/// <param name="Dimension">Its name.</param>
/// <param name="Inputs">Its axis in each input.</param>
/// <param name="Outputs">Its axis in each output.</param>
/// <param name="Gains">What batches are predicted to gain, by rising elements of a sample, as far as they pay.</param>
internal sealed record BatchSpec(string Dimension, EquatableArray<int> Inputs, EquatableArray<int> Outputs, EquatableArray<BatchGainSpec> Gains);

/// <summary>What batches of samples of up to so many elements are predicted to gain.</summary>
internal sealed record BatchGainSpec(long Elements, int Size, double Gain);

/// <summary>What a call of so many samples, of so many elements each, is predicted to take, by thread count.</summary>
internal sealed record CallTimeSpec(long Elements, int Samples, EquatableArray<double> Microseconds);

/// <summary>What doc comments say of a model. <paramref name="Part"/>: how much of it runs, where that is not all.</summary>
internal sealed record ModelFacts(string Description, string Producer, string Opsets, long WeightBytes, string Nodes, string Part);

/// <summary>A dimension that a caller chooses: its name in the model (made up where <paramref name="IsNamed"/> is false), and its names in C#.</summary>
internal sealed record SymbolSpec(string Name, bool IsNamed, string Where, string Property, string Parameter);

/// <summary>An input or output: its name in the model, and its names in C#.</summary>
internal sealed record TensorSpec
{
    public required string Name { get; init; }

    public required ElementType Type { get; init; }

    /// <summary>The element type in C#.</summary>
    public string Element => TypeText.CSharp(Type)!;

    public required string Property { get; init; }

    /// <summary>The static field of the runner that describes it.</summary>
    public required string Field { get; init; }

    public required bool RankIsKnown { get; init; }

    public EquatableArray<DimSpec> Shape { get; init; }

    /// <summary>For an input of unknown rank: the property and parameter that take its shape.</summary>
    public string ShapeProperty { get; init; } = "";

    public string ShapeParameter { get; init; } = "";

    public string Description { get; init; } = "";

    /// <summary>Of an output: whether its shape follows from those of the inputs, though <see cref="Shape"/> does not say all of it.</summary>
    public bool IsSteady { get; init; }

    public bool IsScalar => RankIsKnown && Shape.Count == 0;
}

/// <summary>A dimension: a number, a name, or neither; then perhaps an expression of names (<c>2*H+1</c>), for people.</summary>
internal readonly record struct DimSpec(int? Size, string? Symbol, string? Expression = null)
{
    /// <summary>A dimension that follows from others is text for people; the runtime sees its size when it comes.</summary>
    public static DimSpec Of(Dim dim)
    {
        if (dim.Value is { } size)
            return size is >= 0 and <= int.MaxValue ? new((int)size, null) : default;
        if (!dim.IsKnown)
            return default;
        SortedSet<string> names = dim.Names();
        return names.Count == 1 && dim.Equals(Dim.Named(names.Min!)) ? new(null, names.Min) : new(null, null, dim.ToString());
    }
}
