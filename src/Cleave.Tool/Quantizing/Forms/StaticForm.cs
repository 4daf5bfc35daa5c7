using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Quantizing.Ranges;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>
/// Operators between QuantizeLinear and DequantizeLinear whose scales were found on inputs before (QDQ); ONNX Runtime computes them on
/// bytes. Weights have a scale for each channel, values one, a bias the product of both.
/// </summary>
/// <param name="rounding">Rounds the weights.</param>
/// <param name="ranges">By value.</param>
/// <param name="method">For people: how the ranges were found.</param>
internal sealed class StaticForm(WeightRounding rounding, IReadOnlyDictionary<string, ActivationRange> ranges, RangeMethod method) : IQuantizedForm
{
    /// <summary>In the metadata of a file.</summary>
    public const string Word = "static";

    public string Name => Word;

    public bool KeepsRowsApart => true;

    public RangeMethod Method => method;

    public string? WhyNot(QuantizableOperator candidate) => candidate.Recurrent != null ? "a recurrent operator has no form of fixed ranges"
        : new[] { candidate.Input, candidate.Output }.FirstOrDefault(v => !ranges.ContainsKey(v)) is { } without ? $"'{without}' has elements that are not finite"
        : null;

    public void Apply(ModelProto model, IReadOnlyCollection<QuantizableOperator> chosen)
    {
        ModelEdit edit = new(model);
        Dictionary<string, QuantizableOperator> byNode = chosen.ToDictionary(c => c.Node, StringComparer.Ordinal);
        StaticPlan plan = new(edit.Graph, byNode, [.. edit.OutputNames, .. edit.BodyNames], ranges.ContainsKey);
        Writer writer = new(edit, plan, ranges, rounding);
        NodeProto[] before = [.. edit.Graph.Node];
        edit.Graph.Node.Clear();
        foreach (NodeProto node in before)
            writer.Write(node, byNode.GetValueOrDefault(node.Name));
        edit.Changed();
        UnusedParts.RemoveInitializers(edit);
    }

    private sealed class Writer(ModelEdit edit, StaticPlan plan, IReadOnlyDictionary<string, ActivationRange> ranges, WeightRounding rounding)
    {
        private readonly FreshNames _names = new(edit);
        private readonly Dictionary<string, TensorProto> _constants = edit.Graph.Initializer.ToDictionary(t => t.Name, StringComparer.Ordinal);
        private readonly Dictionary<string, string> _entries = new(StringComparer.Ordinal);
        // What several operators share is written once.
        private readonly Dictionary<KeptWeights, (string Values, string Scales, string Zeros)> _weights = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<string, (string Scale, string Zero)> _scales = new(StringComparer.Ordinal);

        public void Write(NodeProto node, QuantizableOperator? found)
        {
            if (plan.OnBytes.Contains(node))
            {
                // Entered before the node that reads it.
                for (int i = 0; i < node.Input.Count; i++)
                {
                    if (plan.Entries.Contains(node.Input[i]) && (found is null || i == 0))
                        node.Input[i] = Entry(node.Input[i]);
                }
            }
            if (found != null)
                WriteWeights(node, found);
            string[] rounded = [.. node.Output.Where(plan.Written.Contains)];
            edit.Graph.Node.Add(node);
            foreach (string value in rounded)
            {
                string made = _names.Next(value + "_float");
                node.Output[node.Output.IndexOf(value)] = made;
                Round(made, value, value);
            }
        }

        private string Entry(string value)
        {
            if (!_entries.TryGetValue(value, out string? name))
            {
                _entries.Add(value, name = _names.Next(value + "_rounded"));
                Round(value, value, name);
            }
            return name;
        }

        private void Round(string from, string value, string to)
        {
            (string scale, string zero) = ScaleOf(value);
            string bytes = _names.Next(value + "_bytes");
            Add("QuantizeLinear", [from, scale, zero], bytes);
            Add("DequantizeLinear", [bytes, scale, zero], to);
        }

        private (string Scale, string Zero) ScaleOf(string value)
        {
            string source = plan.ScaleOf(value);
            if (_scales.TryGetValue(source, out (string, string) known))
                return known;
            ActivationRange range = ranges[source];
            (string Scale, string Zero) made = (_names.Next(source + "_scale"), _names.Next(source + "_zero"));
            edit.Graph.Initializer.Add(FloatTensors.Make(made.Scale, [], [range.Scale]));
            edit.Graph.Initializer.Add(FloatTensors.Make(made.Zero, range.Zero));
            _scales.Add(source, made);
            return made;
        }

        private void WriteWeights(NodeProto node, QuantizableOperator found)
        {
            float input = ranges[plan.ScaleOf(found.Input)].Scale;
            KeptWeights rounded = found.Bias is { } added ? rounding.Of(_constants[found.Weight], found.Channel, _constants[added], input) : rounding.Of(_constants[found.Weight], found.Channel);
            (string weight, string scales, string zeros) = Weights(found, rounded);
            long[] channels = [rounded.Scales.Length];
            node.Input[1] = Dequantized(weight, scales, zeros, found.Channel);
            if (found.Bias is not { } bias)
                return;
            float[] steps = Array.ConvertAll(rounded.Scales, s => s * input), shift = FloatTensors.Read(_constants[bias]);
            int[] values = [.. shift.Select((b, i) => b == 0 ? 0 : (int)Math.Round((double)b / steps[i]))];
            string whole = Constant(bias, "int32"), step = Constant(bias, "scale"), none = Constant(bias, "zeros");
            edit.Graph.Initializer.Add(FloatTensors.Make(whole, channels, values));
            edit.Graph.Initializer.Add(FloatTensors.Make(step, channels, steps));
            edit.Graph.Initializer.Add(FloatTensors.Make(none, channels, new int[values.Length]));
            node.Input[2] = Dequantized(whole, step, none, 0);
        }

        private (string Values, string Scales, string Zeros) Weights(QuantizableOperator found, KeptWeights rounded)
        {
            if (_weights.TryGetValue(rounded, out (string, string, string) known))
                return known;
            (string Values, string Scales, string Zeros) made = (Constant(found.Weight, "int8"), Constant(found.Weight, "scale"), Constant(found.Weight, "zeros"));
            long[] channels = [rounded.Scales.Length];
            edit.Graph.Initializer.Add(FloatTensors.Make(made.Values, found.Dims, ElementType.Int8, rounded.Values));
            edit.Graph.Initializer.Add(FloatTensors.Make(made.Scales, channels, rounded.Scales));
            edit.Graph.Initializer.Add(FloatTensors.Make(made.Zeros, channels, new sbyte[rounded.Scales.Length]));
            _weights.Add(rounded, made);
            return made;
        }

        private string Constant(string of, string what) => _names.Next(of + "_" + what);

        private string Dequantized(string values, string scales, string zeros, int axis)
        {
            string made = _names.Next(values + "_dequantized");
            NodeProto node = Add("DequantizeLinear", [values, scales, zeros], made);
            node.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = axis });
            return made;
        }

        private NodeProto Add(string type, string[] inputs, string output)
        {
            NodeProto node = new() { OpType = type, Name = _names.Next(output + "_" + type), Input = { inputs }, Output = { output } };
            edit.Graph.Node.Add(node);
            return node;
        }
    }
}
