using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Tool.Inspection;

/// <summary>What makes a model slower than it need be, each with one line of what to do.</summary>
internal static class Weaknesses
{
    public static IReadOnlyList<WeaknessReport> Find(OnnxModel model)
    {
        WeaknessReport?[] found = [InitializersAsInputs(model.Graph), DoublePrecision(model.Graph), FixedBatch(model.Graph)];
        return [.. found.OfType<WeaknessReport>()];
    }

    private static WeaknessReport? InitializersAsInputs(OnnxGraph graph)
    {
        int count = graph.Inputs.Count - graph.CallerInputs().Count;
        return count == 0 ? null : new WeaknessReport(
            "initializers-as-inputs",
            $"{Number(count)} {(count == 1 ? "weight is" : "weights are")} listed as inputs too, so ONNX Runtime must not fold them into other operators.",
            "Nothing to do with Cleave: its runner takes them off the inputs. For other users, export without keep_initializers_as_inputs.");
    }

    private static WeaknessReport? DoublePrecision(OnnxGraph graph)
    {
        // A single double (an epsilon, say) costs nothing.
        int count = GraphWalk.WithBodies(graph).Sum(g =>
            g.Inputs.Concat(g.Outputs).Concat(g.ValueInfos).Count(v => v.Type is OnnxType.Tensor { Element: ElementType.Double, Shape: not { Length: 0 } })
            + g.Initializers.Concat(GraphWalk.ConstantNodeTensors(g)).Count(t => t.Element == ElementType.Double && t.ByteSize > sizeof(double))
            + g.Nodes.Count(IsCastToDouble));
        return count == 0 ? null : new WeaknessReport(
            "double-precision",
            $"64-bit floating-point numbers are used ({Number(count)} values, weights or casts): twice the memory, half the speed or less.",
            "Export the model in float (torch: model.float() before the export).");
    }

    private static bool IsCastToDouble(Node node) =>
        node is { OpType: "Cast", Domain: "" } && node.Attributes.Any(a => a.Name == "to" && a.Ints is [(long)ElementType.Double]);

    private static WeaknessReport? FixedBatch(OnnxGraph graph)
    {
        Dimension[][] shapes = [.. graph.CallerInputs().Select(i => i.Type).OfType<OnnxType.Tensor>().Select(t => t.Shape).OfType<Dimension[]>()];
        bool allFixed = shapes.All(s => s.All(d => d.Value is >= 0));
        // Rank 1 of size 1 is a number, not a batch.
        bool one = shapes.Any(s => s.Length > 1 && s[0].Value == 1);
        return !(allFixed && one) ? null : new WeaknessReport(
            "fixed-batch",
            "The batch is fixed at 1: several samples cannot share one call.",
            "If you have several at a time, export with a dynamic first dimension (torch: dynamic_axes, or dynamic_shapes).");
    }

    private static string Number(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
