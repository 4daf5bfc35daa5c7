using System;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>A BERT encoder as PyTorch exports the one of Hugging Face: layer norms and GELU in their parts, reshapes by chains of Shape, Gather and Concat.</summary>
internal sealed class Bert(int layers, int width, int heads, IProducts products, ElementType floats = ElementType.Float)
{
    public const int Vocabulary = 2000;
    private const int Positions = 512;
    private readonly ModelBuilder _g = new("bert", floats: floats);

    public ModelProto Build()
    {
        string ids = _g.Input("input_ids", ElementType.Int64, "batch", "sequence");
        string mask = _g.Input("attention_mask", ElementType.Int64, "batch", "sequence");
        string types = _g.Input("token_type_ids", ElementType.Int64, "batch", "sequence");
        string bias = MaskToBias(mask);
        string x = Embed(ids, types);
        for (int i = 0; i < layers; i++)
        {
            using IDisposable inside = _g.In($"encoder.layer.{i}");
            x = FeedForward(Attend(x, bias));
        }
        string pooled = Pool(x);
        _g.Output("last_hidden_state", x, "batch", "sequence", width);
        _g.Output("pooler_output", pooled, "batch", width);
        return _g.ToModel();
    }

    // 0 where a token counts, the lowest number where it does not.
    private string MaskToBias(string mask)
    {
        string wide = _g.Node("Unsqueeze", [_g.Node("Unsqueeze", [mask, _g.Int64s(1)]), _g.Int64s(2)]);
        string absent = _g.Node("Sub", [_g.Scalar(1), _g.Node("Cast", [wide], Attributes.Int("to", (int)floats))]);
        return _g.Node("Mul", [absent, _g.Scalar(floats == ElementType.Float16 ? -65504 : float.MinValue)]);
    }

    private string Embed(string ids, string types)
    {
        using IDisposable inside = _g.In("embeddings");
        long[] positions = new long[Positions];
        for (int i = 0; i < Positions; i++)
            positions[i] = i;
        string all = _g.Initializer("embeddings.position_ids", Tensors.Int64s([1, Positions], positions));
        string length = _g.Node("Unsqueeze", [_g.SizeOf(ids, 1), _g.Int64s(0)]);
        string used = _g.Node("Slice", [all, _g.Int64s(0), length, _g.Int64s(1), _g.Int64s(1)]);
        string words = _g.Node("Gather", [_g.Uniform("word_embeddings.weight", -1, 1, Vocabulary, width), ids]);
        string kinds = _g.Node("Gather", [_g.Uniform("token_type_embeddings.weight", -1, 1, 2, width), types]);
        string places = _g.Node("Gather", [_g.Uniform("position_embeddings.weight", -1, 1, Positions, width), used]);
        return Normalise("LayerNorm", _g.Node("Add", [_g.Node("Add", [words, kinds]), places]));
    }

    private string Attend(string x, string bias)
    {
        using IDisposable inside = _g.In("attention");
        string context;
        using (_g.In("self"))
        {
            string query = Linear("query", x, Quantisation.Centered, width, width);
            string key = Heads(Linear("key", x, Quantisation.Centered, width, width), 0, 2, 3, 1);
            string value = Heads(Linear("value", x, Quantisation.Centered, width, width), 0, 2, 1, 3);
            string scores = products.Between(_g, Heads(query, 0, 2, 1, 3), Quantisation.Centered, key, Quantisation.Centered);
            scores = _g.Node("Add", [_g.Node("Div", [scores, _g.Scalar(MathF.Sqrt(width / heads))]), bias]);
            string shares = _g.Node("Softmax", [scores], Attributes.Int("axis", -1));
            context = _g.Transpose(products.Between(_g, shares, Quantisation.Unit, value, Quantisation.Centered), 0, 2, 1, 3);
            context = _g.Node("Reshape", [context, _g.ShapeOf(_g.SizeOf(context, 0), _g.SizeOf(context, 1), _g.Int64(width))]);
        }
        return AddAndNormalise("output", context, Quantisation.Centered, width, x);
    }

    private string FeedForward(string x)
    {
        string inner = Linear("intermediate.dense", x, Quantisation.Centered, width, 4 * width);
        using (_g.In("intermediate"))
            inner = Gelu(inner);
        return AddAndNormalise("output", inner, Quantisation.Gelu, 4 * width, x);
    }

    private string AddAndNormalise(string module, string x, Quantisation range, int inputs, string skipped)
    {
        using IDisposable inside = _g.In(module);
        return Normalise("LayerNorm", _g.Node("Add", [Linear("dense", x, range, inputs, width), skipped]));
    }

    private string Pool(string x)
    {
        using IDisposable inside = _g.In("pooler");
        string first = _g.Node("Gather", [x, _g.Int64(0)], Attributes.Int("axis", 1));
        return _g.Node("Tanh", [_g.Gemm(first, "dense", width, width)]);
    }

    private string Linear(string module, string x, Quantisation range, int inputs, int outputs)
    {
        using IDisposable inside = _g.In(module);
        string product = products.Weighted(_g, x, range, inputs, outputs);
        return _g.Node("Add", [_g.Uniform("bias", -0.1f, 0.1f, outputs), product]);
    }

    // [batch, sequence, width] to one matrix for each head.
    private string Heads(string x, params long[] order)
    {
        string shape = _g.ShapeOf(_g.SizeOf(x, 0), _g.SizeOf(x, 1), _g.Int64(heads), _g.Int64(width / heads));
        return _g.Transpose(_g.Node("Reshape", [x, shape]), order);
    }

    private string Normalise(string module, string x)
    {
        using IDisposable inside = _g.In(module);
        string centered = _g.Node("Sub", [x, Mean(x)]);
        string variance = Mean(_g.Node("Pow", [centered, _g.Scalar(2)]));
        string deviation = _g.Node("Sqrt", [_g.Node("Add", [variance, _g.Scalar(1e-5f)])]);
        string scaled = _g.Node("Mul", [_g.Node("Div", [centered, deviation]), _g.Uniform("weight", 0.8f, 1.2f, width)]);
        return _g.Node("Add", [scaled, _g.Uniform("bias", -0.1f, 0.1f, width)]);
    }

    private string Mean(string x) => _g.Node("ReduceMean", [x], Attributes.Ints("axes", -1));

    private string Gelu(string x)
    {
        string bell = _g.Node("Add", [_g.Node("Erf", [_g.Node("Div", [x, _g.Scalar(MathF.Sqrt(2))])]), _g.Scalar(1)]);
        return _g.Node("Mul", [_g.Node("Mul", [x, bell]), _g.Scalar(0.5f)]);
    }
}
