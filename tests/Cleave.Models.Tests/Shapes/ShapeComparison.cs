using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests.Shapes;

/// <summary>What inference says of each value, against what ONNX Runtime reports after a run.</summary>
internal sealed class ShapeComparison(ITestOutputHelper output)
{
    /// <summary>
    /// Values whose shape depends on data, by model, and what follows from them: so many may be unknown, of all others none.
    /// Models that are not named here have none.
    /// </summary>
    public static readonly Dictionary<string, int> MostUnknown = new()
    {
        // What NonMaxSuppression finds.
        ["batch_merged_detections"] = 8,
        ["detector"] = 5,
        // How many rounds are asked for; none at all leaves nothing to see of the batch.
        ["loop_inside"] = 2,
        // Branches for two sampling rates that an input chooses between; one whose rank depends on a dimension.
        ["silero_vad"] = 4,
        ["silero_vad_16k_op15"] = 15,
    };

    /// <summary>Light models with random weights are left out: their graph is the published one's.</summary>
    public static IEnumerable<string> Names =>
        ModelCatalog.All.Select(m => m.Name).Where(n => !n.EndsWith("_random", StringComparison.Ordinal));

    /// <summary>The values that are not known; fails where one is wrong.</summary>
    public HashSet<string> Unknown(CatalogModel catalogued, string path, ModelProto file, GraphFacts facts)
    {
        string name = catalogued.Name;
        HashSet<string> unknown = [];
        int values = 0;
        using RuntimeShapes runtime = new(file);
        foreach (DimSample sample in catalogued.Samples.Take(2))
        {
            IReadOnlyDictionary<string, RuntimeShape> truth = runtime.Run(ModelInputs.Random(catalogued, path, sample, seed: 1));
            values = truth.Count;
            foreach ((string value, RuntimeShape shape) in truth)
            {
                if (!IsKnown(facts.Of(value), shape, sample, $"{name}: {value} at {sample}"))
                    unknown.Add(value);
            }
        }
        output.WriteLine(FormattableString.Invariant($"{name}: {values} values, {unknown.Count} unknown"));
        foreach (string value in unknown.Order(StringComparer.Ordinal).Take(40))
            output.WriteLine($"  {value} by {file.Graph.Node.First(n => n.Output.Contains(value)).OpType}: {facts.Of(value)}");
        Assert.True(values > 0);
        return unknown;
    }

    // Fails where a number or a type is wrong.
    private static bool IsKnown(ValueFacts facts, RuntimeShape truth, DimSample sample, string where)
    {
        if (facts.Kind == ValueKind.Unknown)
            return false;
        Assert.Equal(ValueKind.Tensor, facts.Kind);
        if (facts.Element != ElementType.Undefined)
            Assert.True((int)facts.Element == truth.Element, $"{where}: {facts}, but it is {(ElementType)truth.Element}");
        if (facts.Shape is not { } shape)
            return false;
        string dims = string.Join(",", truth.Dims);
        Assert.True(shape.Length == truth.Dims.Length, $"{where}: {facts}, but it is [{dims}]");
        long?[] sizes = [.. shape.Select(d => d.Evaluate(n => sample.Sizes.TryGetValue(n, out long size) ? size : null))];
        for (int i = 0; i < sizes.Length; i++)
            Assert.True(sizes[i] is null || sizes[i] == truth.Dims[i], $"{where}: {facts}, but it is [{dims}]");
        return facts.Element != ElementType.Undefined && !sizes.Contains(null);
    }

    /// <summary>A dimension without a name is unlike any other, so nothing would follow from it. The samples name it after its input.</summary>
    public static ModelProto Named(ModelProto model)
    {
        foreach (ValueInfoProto input in model.Graph.Input)
        {
            for (int i = 0; i < (input.Type.TensorType?.Shape?.Dim.Count ?? 0); i++)
            {
                TensorShapeProto.Types.Dimension dim = input.Type.TensorType!.Shape.Dim[i];
                if (dim.DimValue <= 0 && dim.DimParam.Length == 0)
                    dim.DimParam = FormattableString.Invariant($"{input.Name}[{i}]");
            }
        }
        return model;
    }
}
