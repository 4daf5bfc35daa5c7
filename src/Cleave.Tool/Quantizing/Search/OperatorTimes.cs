using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>Measures an operator alone, in floats and in 8 bits, at the shape that its input has in the model.</summary>
internal sealed class OperatorTimes(ModelUnderTest source, ModelProto model, IReadOnlyDictionary<string, long[]> shapes, IQuantizedForm form)
{
    // Operators of equal shapes and attributes take equally long.
    private readonly Dictionary<string, (double Floats, double Bytes)> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeProto> _nodes = model.Graph.Node.ToDictionary(n => n.Name, StringComparer.Ordinal);
    private readonly Dictionary<string, TensorProto> _constants = model.Graph.Initializer.ToDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>Nanoseconds of a run in floats, and in the form.</summary>
    public (double Floats, double Bytes) Of(QuantizableOperator candidate)
    {
        NodeProto node = _nodes[candidate.Node];
        long[] shape = shapes.TryGetValue(candidate.Input, out long[]? seen) ? seen : throw new RewriteException($"'{candidate.Input}' did not occur when the model ran.");
        string key = $"{candidate.Type} {string.Join('x', candidate.Dims)} {string.Join('x', shape)} {candidate.Bias != null} {string.Join(';', node.Attribute.Select(a => a.ToString()).Order(StringComparer.Ordinal))}";
        if (!_known.TryGetValue(key, out (double, double) times))
            _known.Add(key, times = Measure(candidate, node, shape));
        return times;
    }

    private (double Floats, double Bytes) Measure(QuantizableOperator candidate, NodeProto node, long[] shape)
    {
        ModelProto floats = Alone(candidate, node, shape), bytes = floats.Clone();
        form.Apply(bytes, [candidate]);
        SeededRandom random = new(1);
        float[] values = new float[checked((int)shape.Aggregate(1L, (a, b) => checked(a * b)))];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)random.Fraction();
        InputCase input = new("random", new Dictionary<string, TensorCopy> { [candidate.Input] = new(ElementType.Float, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()) });
        SessionRequest how = new(GraphOptimizationLevel.ORT_ENABLE_ALL, 1);
        using SessionChain one = SessionChain.OfMessage(source, floats, how), other = SessionChain.OfMessage(source, bytes, how);
        return (ModelTrials.Time(one, input), ModelTrials.Time(other, input));
    }

    private ModelProto Alone(QuantizableOperator candidate, NodeProto node, long[] shape)
    {
        NodeProto one = node.Clone();
        // A state that is handed in is zeros here.
        for (int i = 1; i < one.Input.Count; i++)
            one.Input[i] = _constants.ContainsKey(one.Input[i]) ? one.Input[i] : "";
        GraphProto graph = new() { Name = "alone", Node = { one } };
        graph.Initializer.Add(node.Input.Skip(1).Where(_constants.ContainsKey).Select(i => _constants[i]));
        TensorShapeProto dims = new();
        dims.Dim.AddRange(shape.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
        graph.Input.Add(new ValueInfoProto { Name = candidate.Input, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float, Shape = dims } } });
        graph.Output.Add(new ValueInfoProto { Name = node.Output.First(static o => o.Length > 0), Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float } } });
        return new ModelProto { IrVersion = model.IrVersion, OpsetImport = { model.OpsetImport }, Graph = graph };
    }
}
