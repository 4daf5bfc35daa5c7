using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Tool.Quantizing.Ranges;

/// <summary>Runs a model of floats on the calibration's inputs, and looks at the values in between.</summary>
internal sealed class ObservedValues
{
    private readonly Dictionary<string, ActivationHistogram> _histograms;

    private ObservedValues(Dictionary<string, ActivationHistogram> histograms, IReadOnlyDictionary<string, long[]> shapes)
    {
        _histograms = histograms;
        Shapes = shapes;
    }

    /// <summary>The shapes of the values, on the first input.</summary>
    public IReadOnlyDictionary<string, long[]> Shapes { get; }

    /// <param name="source">The model, for its folder.</param>
    /// <param name="model">Its messages.</param>
    /// <param name="inputs">What it is run on.</param>
    /// <param name="onlyShapes">Whether only the shapes on the first input are asked for.</param>
    /// <exception cref="SegmentException">ONNX Runtime refuses the model or the inputs.</exception>
    public static ObservedValues Of(ModelUnderTest source, ModelProto model, IReadOnlyList<InputCase> inputs, bool onlyShapes)
    {
        ModelEdit edit = new(model);
        string[] inner = [.. edit.Graph.Node.SelectMany(n => n.Output).Where(o => o.Length > 0 && edit.Facts.Of(o).Element == ElementType.Float && !edit.OutputNames.Contains(o)).Distinct(StringComparer.Ordinal)];
        ModelProto extended = model.Clone();
        extended.Graph.Output.Add(inner.Select(i => new ValueInfoProto { Name = i }));
        // Unoptimised, so that no value is fused away.
        using SessionChain chain = SessionChain.OfMessage(source, extended, new SessionRequest(GraphOptimizationLevel.ORT_DISABLE_ALL, Environment.ProcessorCount));
        string[] floatInputs = [.. edit.Inputs().Where(i => i.Type?.TensorType?.ElemType == (int)ElementType.Float).Select(i => i.Name)];
        string[] all = [.. inner, .. edit.OutputNames];
        Dictionary<string, ActivationHistogram> histograms = all.Union(floatInputs, StringComparer.Ordinal).ToDictionary(n => n, _ => new ActivationHistogram(), StringComparer.Ordinal);
        Dictionary<string, long[]> shapes = new(StringComparer.Ordinal);
        Visit((name, value) => shapes.TryAdd(name, value.Shape), onlyShapes ? 1 : inputs.Count, (h, v) => h.Widen(v));
        if (!onlyShapes)
            Visit(static (_, _) => { }, inputs.Count, (h, v) => h.Count(v));
        return new ObservedValues(histograms, shapes);

        void Visit(Action<string, TensorCopy> seen, int count, Action<ActivationHistogram, ReadOnlySpan<float>> take)
        {
            foreach (InputCase given in inputs.Take(count))
            {
                long left = 0;
                foreach ((string name, TensorCopy value) in given.Values.Concat(chain.Run(given.Values, all)))
                {
                    if (!histograms.TryGetValue(name, out ActivationHistogram? histogram) || value.Type != ElementType.Float)
                        continue;
                    seen(name, value);
                    take(histogram, MemoryMarshal.Cast<byte, float>(value.Bytes));
                    left += value.Bytes.Length;
                }
                LeftArrays.Add(left);
            }
        }
    }

    /// <summary>By value; those whose elements are not all finite have none.</summary>
    public IReadOnlyDictionary<string, ActivationRange> Ranges(RangeMethod method) =>
        _histograms.Where(h => h.Value.IsUsable).ToDictionary(h => h.Key, h => h.Value.Range(method), StringComparer.Ordinal);
}
