using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>LSTM and GRU layers over [batch, sequence, features], each layer and direction a node of its own.</summary>
/// <param name="cell">LSTM, GRU or RNN.</param>
/// <param name="layers">How many.</param>
/// <param name="width">Features and hidden size.</param>
/// <param name="steps">The length of the sequence, of a batch of one; 0: both are given by the caller.</param>
/// <param name="anyBatch">With <paramref name="steps"/>: the batch is given by the caller all the same.</param>
/// <param name="floats">What its numbers are: Float or Float16.</param>
internal sealed class Recurrent(string cell, int layers, int width, int steps = 0, bool anyBatch = false, ElementType floats = ElementType.Float)
{
    private readonly ModelBuilder _g = new(cell.ToLowerInvariant(), floats: floats);
    private readonly List<string> _lastStates = [];

    private int Gates => cell switch { "LSTM" => 4, "GRU" => 3, _ => 1 };

    private Dim Batch => steps > 0 && !anyBatch ? 1 : "batch";

    private Dim Sequence => steps > 0 ? steps : "sequence";

    public ModelProto Stacked()
    {
        (string y, string zeros) = Start();
        for (int i = 0; i < layers; i++)
            y = Layer($"layers.{i}", y, width, zeros, "forward");
        return Finish(y, width);
    }

    /// <summary>Forwards and backwards as two nodes that can run side by side.</summary>
    public ModelProto Bidirectional()
    {
        (string y, string zeros) = Start();
        for (int i = 0; i < layers; i++)
        {
            int inputs = i == 0 ? width : 2 * width;
            string forward = Layer($"layers.{i}.forward", y, inputs, zeros, "forward");
            string backward = Layer($"layers.{i}.backward", y, inputs, zeros, "reverse");
            y = _g.Node("Concat", [forward, backward], Attributes.Int("axis", 2));
        }
        return Finish(y, 2 * width);
    }

    /// <summary>Forwards and backwards as one node, as PyTorch exports it.</summary>
    public ModelProto BothWays()
    {
        (string y, string zeros) = Start(directions: 2);
        for (int i = 0; i < layers; i++)
            y = LayerBothWays($"layers.{i}", y, i == 0 ? width : 2 * width, zeros);
        return Finish(y, 2 * width, states: 2 * layers);
    }

    /// <summary>The batch lies on axis 1.</summary>
    public ModelProto TimeMajor()
    {
        string x = _g.Input("input", "sequence", "batch", width);
        string zeros = Zeros(_g.SizeOf(x, 1));
        for (int i = 0; i < layers; i++)
            x = Layer($"layers.{i}", x, width, zeros, "forward");
        _g.Output("output", x, "sequence", "batch", width);
        return _g.ToModel();
    }

    private (string Steps, string Zeros) Start(int directions = 1)
    {
        string x = _g.Input("input", Batch, Sequence, width);
        return (_g.Transpose(x, 1, 0, 2), Zeros(_g.SizeOf(x, 0), directions));
    }

    private ModelProto Finish(string y, int features, int states = 0)
    {
        _g.Output("output", _g.Transpose(y, 1, 0, 2), Batch, Sequence, features);
        _g.Output("h_n", _g.Node("Concat", [.. _lastStates], Attributes.Int("axis", 0)), states == 0 ? _lastStates.Count : states, Batch, width);
        return _g.ToModel();
    }

    // The state before the first step.
    private string Zeros(string batch, int directions = 1) =>
        _g.Node("ConstantOfShape", [_g.ShapeOf(_g.Int64(directions), batch, _g.Int64(width))],
            Attributes.Tensor("value", Tensors.Floats(_g.Floats, [1], [0])));

    private string LayerBothWays(string module, string x, int inputs, string zeros)
    {
        using IDisposable inside = _g.In(module);
        string[] arguments =
        [
            x,
            _g.Weight("weight_ih", inputs, 1, 2, Gates * width, inputs),
            _g.Weight("weight_hh", width, 1, 2, Gates * width, width),
            _g.Uniform("bias", -0.1f, 0.1f, 2, 2 * Gates * width),
            "",
            zeros,
        ];
        if (cell == "LSTM")
            arguments = [.. arguments, zeros];
        string[] results = _g.Nodes(cell, cell == "LSTM" ? 3 : 2, arguments, OfLayer("bidirectional"));
        _lastStates.Add(results[1]);
        return _g.Node("Reshape", [_g.Transpose(results[0], 0, 2, 1, 3), _g.Int64s(0, 0, -1)]);
    }

    private string Layer(string module, string x, int inputs, string zeros, string direction)
    {
        using IDisposable inside = _g.In(module);
        string[] arguments =
        [
            x,
            _g.Weight("weight_ih", inputs, 1, 1, Gates * width, inputs),
            _g.Weight("weight_hh", width, 1, 1, Gates * width, width),
            _g.Uniform("bias", -0.1f, 0.1f, 1, 2 * Gates * width),
            "",
            zeros,
        ];
        if (cell == "LSTM")
            arguments = [.. arguments, zeros];
        string[] results = _g.Nodes(cell, cell == "LSTM" ? 3 : 2, arguments, OfLayer(direction));
        _lastStates.Add(results[1]);
        return _g.Node("Squeeze", [results[0], _g.Int64s(1)]);
    }

    // As PyTorch exports it: its GRU multiplies before it resets, which is what cuDNN has.
    private AttributeProto[] OfLayer(string direction)
    {
        AttributeProto[] attributes = [Attributes.Text("direction", direction), Attributes.Int("hidden_size", width)];
        return cell == "GRU" ? [.. attributes, Attributes.Int("linear_before_reset", 1)] : attributes;
    }
}
