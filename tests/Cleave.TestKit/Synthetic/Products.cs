using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.TestKit.Synthetic;

/// <summary>How an encoder multiplies matrices: in floats, or in eight bits in one of the two ways that quantisers write.</summary>
internal interface IProducts
{
    /// <summary>A value times a weight of the current module.</summary>
    string Weighted(ModelBuilder g, string x, Quantisation range, int inputs, int outputs);

    /// <summary>Two values.</summary>
    string Between(ModelBuilder g, string a, Quantisation rangeOfA, string b, Quantisation rangeOfB);
}

/// <summary>As the model was trained.</summary>
internal sealed class FloatProducts : IProducts
{
    public string Weighted(ModelBuilder g, string x, Quantisation range, int inputs, int outputs) =>
        g.Node("MatMul", [x, g.Weight("weight", inputs, 1, inputs, outputs)]);

    public string Between(ModelBuilder g, string a, Quantisation rangeOfA, string b, Quantisation rangeOfB) => g.Node("MatMul", [a, b]);
}

/// <summary>Static quantisation: pairs of QuantizeLinear and DequantizeLinear around each MatMul, int8 weights with a scale for each column.</summary>
internal sealed class PairedProducts : IProducts
{
    private readonly Dictionary<string, string> _rounded = [];

    public string Weighted(ModelBuilder g, string x, Quantisation range, int inputs, int outputs)
    {
        float[] values = g.DrawWeight("weight", inputs, 1, inputs, outputs);
        (string weight, _) = g.Dequantised(g.Path("weight"), values, [inputs, outputs], axis: 1);
        return g.Node("MatMul", [Rounded(g, x, range), weight]);
    }

    public string Between(ModelBuilder g, string a, Quantisation rangeOfA, string b, Quantisation rangeOfB) =>
        g.Node("MatMul", [Rounded(g, a, rangeOfA), Rounded(g, b, rangeOfB)]);

    // Once for all that read it.
    private string Rounded(ModelBuilder g, string x, Quantisation range)
    {
        if (!_rounded.TryGetValue(x, out string? value))
            _rounded.Add(x, value = g.Rounded(x, range));
        return value;
    }
}

/// <summary>Dynamic quantisation: the scale is found at run time, one for the whole tensor; products of two values stay floats.</summary>
internal sealed class DynamicProducts : IProducts
{
    private readonly Dictionary<string, string[]> _quantised = [];

    public string Weighted(ModelBuilder g, string x, Quantisation range, int inputs, int outputs)
    {
        float[] values = g.DrawWeight("weight", inputs, 1, inputs, outputs);
        (string weight, string scale, string zero, _) = g.Int8Weight(g.Path("weight"), values, [inputs, outputs], axis: 1);
        if (!_quantised.TryGetValue(x, out string[]? parts))
            _quantised.Add(x, parts = g.Nodes("DynamicQuantizeLinear", 3, [x]));
        string scales = g.Node("Mul", [parts[1], scale]);
        string product = g.Node("MatMulInteger", [parts[0], weight, parts[2], zero]);
        return g.Node("Mul", [g.Node("Cast", [product], Attributes.Int("to", (int)ElementType.Float)), scales]);
    }

    public string Between(ModelBuilder g, string a, Quantisation rangeOfA, string b, Quantisation rangeOfB) => g.Node("MatMul", [a, b]);
}
