using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>
/// Matrix products whose input is rounded in each request with the scale that it has then: DynamicQuantizeLinear, MatMulInteger,
/// Cast, Mul, which ONNX Runtime makes one operator of. No data is needed; one scale holds for the whole tensor, so what shares a
/// batch decides on each other's results. An LSTM becomes one of ONNX Runtime's own operators.
/// </summary>
internal sealed class DynamicForm(WeightRounding rounding) : IQuantizedForm
{
    /// <summary>In the metadata of a file.</summary>
    public const string Word = "dynamic";

    public string Name => Word;

    public bool KeepsRowsApart => false;

    public string? WhyNot(QuantizableOperator candidate) => candidate.HasDynamicForm ? null : "a convolution in 8 bits pays only with the scale of its input known before: give inputs";

    public void Apply(ModelProto model, IReadOnlyCollection<QuantizableOperator> chosen)
    {
        ModelEdit edit = new(model);
        Writer writer = new(edit, rounding);
        Dictionary<string, QuantizableOperator> byNode = chosen.ToDictionary(c => c.Node, StringComparer.Ordinal);
        NodeProto[] before = [.. edit.Graph.Node];
        edit.Graph.Node.Clear();
        foreach (NodeProto node in before)
        {
            if (byNode.TryGetValue(node.Name, out QuantizableOperator? found))
                writer.Write(node, found);
            else
                edit.Graph.Node.Add(node);
        }
        if (chosen.Any(static c => c.Recurrent != null))
            OwnOperators.Import(model);
        edit.Changed();
        UnusedParts.RemoveInitializers(edit);
    }

    private sealed class Writer
    {
        private readonly ModelEdit _edit;
        private readonly WeightRounding _rounding;
        private readonly FreshNames _names;
        private readonly RecurrentWriter _recurrent;
        private readonly Dictionary<string, TensorProto> _constants;
        // By value: its bytes, scale and zero point, which all that read it share.
        private readonly Dictionary<string, string[]> _inputs = new(StringComparer.Ordinal);
        private readonly Dictionary<(string Weight, int Channel), (string Values, string Scales)> _weights = [];

        public Writer(ModelEdit edit, WeightRounding rounding)
        {
            _edit = edit;
            _rounding = rounding;
            _names = new FreshNames(edit);
            _constants = edit.Graph.Initializer.ToDictionary(static t => t.Name, StringComparer.Ordinal);
            _recurrent = new RecurrentWriter(edit, rounding, _names, _constants);
        }

        public void Write(NodeProto node, QuantizableOperator found)
        {
            if (found.Recurrent != null)
            {
                _recurrent.Write(node, found);
                return;
            }
            string[] input = Input(found.Input);
            (string values, string scales) = Weight(found);
            string result = node.Output[0], sum = found.Bias is null ? result : _names.Next(result + "_product");
            string whole = _names.Next(result + "_int32"), real = _names.Next(result + "_real"), scale = _names.Next(result + "_scale");
            Add("MatMulInteger", [input[0], values, input[2]], whole, node.Name);
            NodeProto cast = Add("Cast", [whole], real);
            cast.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)ElementType.Float });
            Add("Mul", [input[1], scales], scale);
            Add("Mul", [real, scale], sum);
            if (found.Bias is { } bias)
                Add("Add", [sum, bias], result);
        }

        private string[] Input(string value)
        {
            if (_inputs.TryGetValue(value, out string[]? known))
                return known;
            string[] made = [_names.Next(value + "_bytes"), _names.Next(value + "_scale"), _names.Next(value + "_zero")];
            NodeProto node = Add("DynamicQuantizeLinear", [value], made[0]);
            node.Output.Add([made[1], made[2]]);
            _inputs.Add(value, made);
            return made;
        }

        private (string Values, string Scales) Weight(QuantizableOperator found)
        {
            if (_weights.TryGetValue((found.Weight, found.Channel), out (string, string) known))
                return known;
            // A product takes them by rows of the input's width.
            bool turned = found.Channel == 0;
            KeptWeights rounded = turned ? _rounding.Turned(_constants[found.Weight], found.Channel) : _rounding.Of(_constants[found.Weight], found.Channel);
            (string Values, string Scales) made = (_names.Next(found.Weight + "_int8"), _names.Next(found.Weight + "_scale"));
            _edit.Graph.Initializer.Add(FloatTensors.Make(made.Values, turned ? [found.Dims[1], found.Dims[0]] : found.Dims, ElementType.Int8, rounded.Values));
            _edit.Graph.Initializer.Add(FloatTensors.Make(made.Scales, [rounded.Scales.Length], rounded.Scales));
            _weights.Add((found.Weight, found.Channel), made);
            return made;
        }

        private NodeProto Add(string type, string[] inputs, string output, string? name = null)
        {
            NodeProto node = new() { OpType = type, Name = name ?? _names.Next(output + "_" + type), Input = { inputs }, Output = { output } };
            _edit.Graph.Node.Add(node);
            return node;
        }
    }
}
