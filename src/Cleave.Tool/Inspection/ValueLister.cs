using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.Generator.Model;

namespace Cleave.Tool.Inspection;

/// <summary>Lists the values of a model: what is known of each, and whether a runner can give it as an output.</summary>
internal sealed class ValueLister(OnnxModel model)
{
    private readonly OutputCandidates _candidates = new(model);

    public IReadOnlyList<InnerValueReport> List() => [.. _candidates.Names().Select(Describe)];

    private InnerValueReport Describe(string name)
    {
        ValueFacts facts = _candidates.FactsOf(name);
        int producer = _candidates.Index.Producer(name);
        Node? node = producer >= 0 ? model.Graph.Nodes[producer] : null;
        return new InnerValueReport(
            name,
            Type(facts),
            facts.Shape?.Select(Dimension).ToArray(),
            node is null ? (_candidates.Index.IsInput(name) ? "input" : "initializer") : node.Domain.Length > 0 ? node.Domain + "." + node.OpType : node.OpType,
            node?.Name ?? "",
            _candidates.WhyNot(name) ?? WhyNotByElement(facts.Element));
    }

    private static string Type(ValueFacts facts) => facts.Kind switch
    {
        ValueKind.Tensor => "tensor(" + facts.Element.Word() + ")",
        ValueKind.Sequence => "seq(" + Type(facts.Item ?? ValueFacts.Unknown) + ")",
        ValueKind.Optional => "optional(" + Type(facts.Item ?? ValueFacts.Unknown) + ")",
        _ => "unknown",
    };

    private static DimensionValue Dimension(Dim dim) =>
        dim.Value is { } size ? new(size, null) : dim.IsKnown ? new(null, dim.ToString()) : default;

    private static string? WhyNotByElement(ElementType element) => TypeText.CSharp(element) is null
        ? "ONNX Runtime's C# binding can make no tensor of " + element.Word()
        : null;
}
