using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>Writes an LSTM as ONNX Runtime's <c>DynamicQuantizeLSTM</c>: input and state are rounded in each step, weights have a scale for each gate's unit.</summary>
internal sealed class RecurrentWriter(ModelEdit edit, WeightRounding rounding, FreshNames names, IReadOnlyDictionary<string, TensorProto> constants)
{
    // X W R B sequence_lens initial_h initial_c P, then scale and zero point of W and of R.
    private const int InputsOfLstm = 8;

    public void Write(NodeProto node, QuantizableOperator found)
    {
        (string values, string scales, string zeros) = Weights(found.Weight);
        (string states, string stateScales, string stateZeros) = Weights(found.Recurrent!);
        NodeProto written = node.Clone();
        written.OpType = "DynamicQuantizeLSTM";
        written.Domain = OwnOperators.Domain;
        // Only 0 is quantised, which is all that ONNX Runtime's operator knows.
        if (written.Attribute.FirstOrDefault(static a => a.Name == "layout") is { } layout)
            written.Attribute.Remove(layout);
        while (written.Input.Count < InputsOfLstm)
            written.Input.Add("");
        written.Input[1] = values;
        written.Input[2] = states;
        written.Input.Add([scales, zeros, stateScales, stateZeros]);
        edit.Graph.Node.Add(written);
    }

    // [directions, 4 * units, size] becomes [directions, size, 4 * units].
    private (string Values, string Scales, string Zeros) Weights(string name)
    {
        TensorProto weight = constants[name];
        int directions = (int)weight.Dims[0], gates = (int)weight.Dims[1], size = (int)weight.Dims[2];
        KeptWeights rounded = rounding.OfUnits(weight);
        (string Values, string Scales, string Zeros) made = (names.Next(name + "_int8"), names.Next(name + "_scale"), names.Next(name + "_zeros"));
        edit.Graph.Initializer.Add(FloatTensors.Make(made.Values, [directions, size, gates], ElementType.Int8, rounded.Values));
        edit.Graph.Initializer.Add(FloatTensors.Make(made.Scales, [directions, gates], rounded.Scales));
        edit.Graph.Initializer.Add(FloatTensors.Make(made.Zeros, [directions, gates], new sbyte[directions * gates]));
        return made;
    }
}
