using System;
using System.Linq;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>Perceptrons side by side: what recommenders and gated experts look like.</summary>
internal static class Towers
{
    /// <summary>One tower.</summary>
    public static ModelProto One(int layers, int width)
    {
        ModelBuilder g = new("perceptron");
        g.Output("y", Tower(g, g.Input("x", "batch", width), "tower", layers, width), "batch", width);
        return g.ToModel();
    }

    /// <summary>One tower for the user and one for the item, an embedding of each, and how well they match.</summary>
    public static ModelProto Two(int layers, int width)
    {
        ModelBuilder g = new("two_tower");
        string user = Tower(g, g.Input("user", "batch", width), "user_tower", layers, width);
        string item = Tower(g, g.Input("item", "batch", width), "item_tower", layers, width);
        string match = g.Node("ReduceSum", [g.Node("Mul", [user, item]), g.Int64s(1)], Attributes.Int("keepdims", 1));
        string score = g.Node("Sigmoid", [g.Node("Div", [match, g.Scalar(width)])]);
        g.Output("user_embedding", user, "batch", width);
        g.Output("item_embedding", item, "batch", width);
        g.Output("score", score, "batch", 1);
        return g.ToModel();
    }

    /// <summary>Eight towers that read the same row; their ends are joined.</summary>
    public static ModelProto Eight(int layers, int width) => SideBySide("eight_tower", 8, layers, width);

    /// <summary>So many towers that read the same row; their ends are joined.</summary>
    public static ModelProto SideBySide(string name, int towers, int layers, int width)
    {
        ModelBuilder g = new(name);
        string x = g.Input("x", "batch", width);
        string[] ends = [.. Enumerable.Range(0, towers).Select(i => Tower(g, x, $"towers.{i}", layers, width))];
        string joined = g.Node("Concat", ends, Attributes.Int("axis", 1));
        g.Output("y", g.Gemm(joined, "head", towers * width, 16), "batch", 16);
        return g.ToModel();
    }

    /// <summary>Every expert runs; a gate says how much each counts.</summary>
    public static ModelProto Experts(int experts, int layers, int width)
    {
        ModelBuilder g = new("experts");
        string x = g.Input("x", "batch", width);
        string gate = g.Node("Softmax", [g.Gemm(x, "gate", width, experts)], Attributes.Int("axis", 1));
        string axis = g.Int64s(1);
        string[] results = [.. Enumerable.Range(0, experts)
            .Select(i => g.Node("Unsqueeze", [Tower(g, x, $"experts.{i}", layers, width), axis]))];
        string stacked = g.Node("Concat", results, Attributes.Int("axis", 1));
        string mixed = g.Node("MatMul", [g.Node("Unsqueeze", [gate, axis]), stacked]);
        g.Output("y", g.Node("Squeeze", [mixed, axis]), "batch", width);
        return g.ToModel();
    }

    private static string Tower(ModelBuilder g, string x, string module, int layers, int width)
    {
        using IDisposable inside = g.In(module);
        for (int i = 0; i < layers; i++)
            x = g.GemmRelu(x, $"layers.{i}", width, width);
        return x;
    }
}
