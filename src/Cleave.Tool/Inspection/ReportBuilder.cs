using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Shapes;
using Cleave.Generator.Model;

namespace Cleave.Tool.Inspection;

/// <summary>Makes the report of a listing.</summary>
internal static class ReportBuilder
{
    // Stands for the root namespace of the project that will use the model.
    private const string RootNamespace = "MyApp";

    public static ModelReport Build(string path, ModelListing listing, bool values = false)
    {
        List<Problem> problems = [];
        RunnerSpec? spec = SpecBuilder.Build(listing, listing.Options.Source, RootNamespace, problems);
        return new ModelReport
        {
            Model = path,
            Hash = listing.Model is { } hashed ? ListingWriter.Hash(hashed) : null,
            About = listing.Model is { } described ? About(described) : null,
            Graph = listing.Model is { } model ? Graph(model, listing.ExternalFiles, values) : null,
            Weaknesses = listing.Model is { } weak ? Weaknesses.Find(weak) : [],
            Generated = spec is null ? null : GeneratedSignature.Of(spec),
            Problems = [.. problems.Select(p => Describe(p, path))],
            Notes = listing.Model is { } inferred ? ShapeInference.Infer(inferred).Notes : [],
        };
    }

    public static ProblemReport Describe(Problem problem, string path) =>
        new(problem.Rule.Id, Word(problem.Rule.Severity), problem.Message(path), problem.Rule.HelpLink);

    public static string Word(Severity severity) => severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "info",
    };

    private static AboutReport About(OnnxModel model) => new(
        model.ProducerName, model.ProducerVersion, model.Domain, model.Version, model.DocString,
        [.. model.Metadata.Select(m => new MetadataReport(m.Key, m.Value))]);

    private static GraphReport Graph(OnnxModel model, IReadOnlyList<string> externalFiles, bool values)
    {
        IReadOnlyList<ValueInfo> inputs = model.Graph.CallerInputs();
        OperatorReport[] operators = Operators(model.Graph);
        return new GraphReport
        {
            IrVersion = model.IrVersion,
            Opsets = [.. model.Opsets.Select(o => new OpsetReport(DomainName(o.Domain), o.Version))],
            Inputs = [.. inputs.Select(Value)],
            Outputs = [.. model.Graph.Outputs.Select(Value)],
            Dimensions = Dimensions([.. inputs, .. model.Graph.Outputs]),
            Nodes = operators.Sum(o => o.Count),
            Operators = operators,
            Parameters = ParameterCounter.Count(model, externalFiles),
            Functions = [.. model.Functions.Select(f => new FunctionReport(f.Domain, f.Name, f.Nodes.Count))],
            Values = values ? new ValueLister(model).List() : null,
        };
    }

    private static ValueReport Value(ValueInfo value) => new(
        value.Name,
        TypeText.Words(value.Type),
        Shape(value)?.Select(d => new DimensionValue(d.Value, d.Name)).ToArray(),
        value.DocString);

    private static Dimension[]? Shape(ValueInfo value) => value.Type switch
    {
        OnnxType.Tensor tensor => tensor.Shape,
        OnnxType.SparseTensor sparse => sparse.Shape,
        _ => null,
    };

    private static OperatorReport[] Operators(OnnxGraph graph) =>
        [.. GraphWalk.WithBodies(graph)
            .SelectMany(g => g.Nodes)
            .GroupBy(n => (n.Domain, n.OpType))
            .Select(g => new OperatorReport(DomainName(g.Key.Domain), g.Key.OpType, g.Count()))
            .OrderByDescending(o => o.Count)
            .ThenBy(o => o.Name, StringComparer.Ordinal)
            .ThenBy(o => o.Domain, StringComparer.Ordinal)];

    private static DimensionReport[] Dimensions(IReadOnlyList<ValueInfo> values)
    {
        // In the order of their first appearance.
        List<string> names = [];
        Dictionary<string, List<string>> places = new(StringComparer.Ordinal);
        foreach (ValueInfo value in values)
        {
            Dimension[] shape = Shape(value) ?? [];
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Name is not { Length: > 0 } name)
                    continue;
                if (!places.TryGetValue(name, out List<string>? found))
                {
                    names.Add(name);
                    places[name] = found = [];
                }
                found.Add(value.Name + "[" + axis.ToString(CultureInfo.InvariantCulture) + "]");
            }
        }
        return [.. names.Select(n => new DimensionReport(n, places[n]))];
    }

    private static string DomainName(string domain) => domain.Length == 0 ? "ai.onnx" : domain;
}
