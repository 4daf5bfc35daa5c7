using System.Collections.Generic;

namespace Cleave.Tool.Inspection;

/// <summary>
/// What <c>cleave inspect</c> says of a model. This is the JSON, too (docs/inspect.md): within a format number,
/// properties are added and never renamed, removed or reordered. Texts are as they stand in the model.
/// </summary>
internal sealed record ModelReport
{
    public int Format { get; init; } = 1;

    /// <summary>The path as it was passed.</summary>
    public required string Model { get; init; }

    /// <summary>Null where the model could not be read.</summary>
    public string? Hash { get; init; }

    /// <summary>Null where the model could not be read.</summary>
    public AboutReport? About { get; init; }

    /// <summary>Null where the model could not be read.</summary>
    public GraphReport? Graph { get; init; }

    public required IReadOnlyList<WeaknessReport> Weaknesses { get; init; }

    /// <summary>Null where no class is generated; the problems say why.</summary>
    public GeneratedReport? Generated { get; init; }

    public required IReadOnlyList<ProblemReport> Problems { get; init; }

    /// <summary>What is odd about values: where the file contradicts what follows from its operators, say.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

internal sealed record AboutReport(
    string ProducerName, string ProducerVersion, string Domain, long Version, string Description, IReadOnlyList<MetadataReport> Metadata);

internal sealed record MetadataReport(string Key, string Value);

internal sealed record GraphReport
{
    public required long IrVersion { get; init; }

    public required IReadOnlyList<OpsetReport> Opsets { get; init; }

    /// <summary>What a caller passes; initializers listed as inputs are left out.</summary>
    public required IReadOnlyList<ValueReport> Inputs { get; init; }

    public required IReadOnlyList<ValueReport> Outputs { get; init; }

    /// <summary>Named dimensions of the inputs and outputs.</summary>
    public required IReadOnlyList<DimensionReport> Dimensions { get; init; }

    /// <summary>Nodes of the graph and of all bodies inside it (If, Loop, Scan); not those of functions.</summary>
    public required int Nodes { get; init; }

    /// <summary>The most frequent first.</summary>
    public required IReadOnlyList<OperatorReport> Operators { get; init; }

    public required ParametersReport Parameters { get; init; }

    public required IReadOnlyList<FunctionReport> Functions { get; init; }

    /// <summary>Every value of the outer graph; null without <c>--values</c>.</summary>
    public IReadOnlyList<InnerValueReport>? Values { get; init; }
}

internal sealed record OpsetReport(string Domain, long Version);

/// <param name="Name">The name in the model.</param>
/// <param name="Type">In words: <c>tensor(float)</c>.</param>
/// <param name="Shape">A number, a name or null (unknown) for each dimension; null where not even the rank is known, or for no tensor.</param>
/// <param name="Description">The exporter's; may be empty.</param>
internal sealed record ValueReport(string Name, string Type, IReadOnlyList<DimensionValue>? Shape, string Description);

/// <param name="Name">The name in the model.</param>
/// <param name="Type">In words: <c>tensor(float)</c>; <c>unknown</c>.</param>
/// <param name="Shape">A number, a name or an expression of names (<c>2*H+1</c>), or null (unknown) for each dimension; null where not even the rank is known, or for no tensor.</param>
/// <param name="Producer">What makes it: <c>input</c>, <c>initializer</c>, or the operator.</param>
/// <param name="Node">The name of the node that makes it; empty where no node does, or one without a name.</param>
/// <param name="WhyNot">Why the item metadata <c>Outputs</c> cannot name it; null where it can.</param>
internal sealed record InnerValueReport(
    string Name, string Type, IReadOnlyList<DimensionValue>? Shape, string Producer, string Node, string? WhyNot);

internal sealed record DimensionReport(string Name, IReadOnlyList<string> Places);

internal sealed record OperatorReport(string Domain, string Name, int Count);

/// <param name="Tensors">Constant tensors: initializers and values of <c>Constant</c> nodes, those in bodies included.</param>
/// <param name="Bytes">Their size in memory.</param>
/// <param name="BytesInConstantNodes">How much of it is in <c>Constant</c> nodes.</param>
/// <param name="ByType">The same, for each element type.</param>
/// <param name="ExternalFiles">Files beside the model that hold some of it.</param>
internal sealed record ParametersReport(
    int Tensors, long Bytes, long BytesInConstantNodes, IReadOnlyList<ElementReport> ByType, IReadOnlyList<string> ExternalFiles);

internal sealed record ElementReport(string Element, int Tensors, long Bytes);

internal sealed record FunctionReport(string Domain, string Name, int Nodes);

/// <param name="Id">Stable: <c>initializers-as-inputs</c>, <c>double-precision</c>, <c>fixed-batch</c>.</param>
/// <param name="Finding">What was found.</param>
/// <param name="Advice">What to do, in one line.</param>
internal sealed record WeaknessReport(string Id, string Finding, string Advice);

/// <param name="Namespace">For a project with the root namespace MyApp.</param>
/// <param name="Runner">The names of the classes.</param>
/// <param name="Input">The names of the classes.</param>
/// <param name="Output">The names of the classes.</param>
/// <param name="Call">The names of the classes.</param>
/// <param name="Signature">The classes' members, line by line.</param>
internal sealed record GeneratedReport(string Namespace, string Runner, string Input, string Output, string Call, IReadOnlyList<string> Signature);

/// <param name="Id">CLVnnnn.</param>
/// <param name="Severity">error, warning or info.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Help">The page about it.</param>
internal sealed record ProblemReport(string Id, string Severity, string Message, string Help);
