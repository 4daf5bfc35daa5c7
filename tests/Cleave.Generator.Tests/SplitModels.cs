using System;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;

namespace Cleave.Generator.Tests;

/// <summary>Models with branches, small enough to read what is generated for them.</summary>
internal static class SplitModels
{
    private const int Width = 16;

    /// <summary>Two branches that end in values of one type, which are joined.</summary>
    /// <param name="element">The type.</param>
    public static ModelProto HandsOver(ElementType element)
    {
        ModelBuilder g = new("typed");
        string x = g.Input("x", "batch", Width);
        string[] ends = [.. new[] { "left", "right" }.Select(module => As(g, Layers(g, x, module, 2), element))];
        (string op, AttributeProto[] attributes) = element switch
        {
            ElementType.Bool => ("And", Array.Empty<AttributeProto>()),
            ElementType.String => ("Concat", [Attributes.Int("axis", 1)]),
            _ => ("Add", []),
        };
        g.Output("y", g.Node(op, ends, attributes), element, "batch", Size(element));
        return g.ToModel();
    }

    /// <summary>Branches that all read what a first layer makes.</summary>
    public static ModelProto Fan(int branches, int layers)
    {
        ModelBuilder g = new("fan");
        string stem = Layers(g, g.Input("x", "batch", Width), "stem", 2);
        string[] ends = [.. Enumerable.Range(0, branches).Select(i => Layers(g, stem, "branches." + i, layers))];
        g.Output("y", g.Node("Concat", ends, Attributes.Int("axis", 1)), "batch", branches * Width);
        return g.ToModel();
    }

    /// <summary>Two branches that both read a value which costs next to nothing to make.</summary>
    public static ModelProto CheapShared()
    {
        ModelBuilder g = new("cheap");
        string scaled = g.Node("Mul", [g.Input("x", "batch", Width), g.Scalar(0.5f)]);
        string[] ends = [.. new[] { "left", "right" }.Select(module => Layers(g, scaled, module, 4))];
        g.Output("y", g.Node("Add", ends), "batch", Width);
        return g.ToModel();
    }

    /// <summary>Two branches over as many rows as twice the sequence is long.</summary>
    public static ModelProto Doubled()
    {
        ModelBuilder g = new("doubled");
        string x = g.Input("x", "sequence", Width);
        string twice = g.Node("Concat", [Layers(g, x, "first", 1), x], Attributes.Int("axis", 0));
        string[] ends = [.. new[] { "left", "right" }.Select(module => Layers(g, twice, module, 3))];
        g.Output("y", g.Node("Add", ends), "rows", Width);
        return g.ToModel();
    }

    /// <summary>Pairs of branches, one after the other: each pair reads what the one before made together.</summary>
    /// <param name="rungs">How many.</param>
    /// <param name="isMasked">Whether each branch reads a cheap value of the input besides, as layers of a text model read a mask.</param>
    public static ModelProto Ladder(int rungs, bool isMasked = false)
    {
        ModelBuilder g = new("ladder");
        string x = g.Input("x", "batch", Width);
        string? mask = isMasked ? g.Node("Mul", [x, g.Scalar(0.5f)]) : null;
        for (int i = 0; i < rungs; i++)
        {
            string before = x;
            string[] ends = [.. new[] { "left", "right" }.Select(side => Layers(g, before, $"rungs.{i}.{side}", 1))
                .Select(end => mask is null ? end : g.Node("Add", [end, mask]))];
            x = g.Node("Tanh", [g.Node("Add", ends)]);
        }
        g.Output("y", x, "batch", Width);
        return g.ToModel();
    }

    /// <summary>Stages of layers side by side, each of which reads some of the stage before, chosen at random: nearly all that a lane makes it sends.</summary>
    public static ModelProto Exchange(int stages, int layers, int seed)
    {
        ModelBuilder g = new("exchange");
        Random random = new(seed);
        string[] values = [g.Input("x", "batch", Width)];
        for (int i = 0; i < stages; i++)
        {
            string[] before = values;
            values = [.. Enumerable.Range(0, layers).Select(k =>
            {
                string[] read = [.. before.Where(_ => random.Next(2) == 0).DefaultIfEmpty(before[0])];
                return Layers(g, g.Node("Tanh", [read.Length == 1 ? read[0] : g.Node("Sum", read)]), $"stages.{i}.{k}", 1);
            })];
        }
        g.Output("y", g.Node("Sum", values), "batch", Width);
        return g.ToModel();
    }

    /// <summary>Two branches that read what is an output, too, of which the file states wrongly that it has one row.</summary>
    public static ModelProto WrongOutput()
    {
        ModelBuilder g = new("wrong_output");
        string stem = Layers(g, g.Input("x", "batch", Width), "stem", 2);
        string[] ends = [.. new[] { "left", "right" }.Select(module => Layers(g, stem, module, 3))];
        g.Output("y", g.Node("Add", ends), "batch", Width);
        ModelProto model = g.ToModel();
        model.Graph.Output.Add(Stated(stem, ElementType.Float, 1, Width));
        return model;
    }

    /// <summary>Two branches over as many rows as numbers of the input are not zero, of which the file states how many those were once.</summary>
    public static ModelProto Stale()
    {
        ModelBuilder g = new("stale");
        string where = g.Node("NonZero", [g.Input("x", "batch", Width)]);
        string rows = g.Node("Transpose", [g.Node("Cast", [where], Attributes.Int("to", (int)ElementType.Float))]);
        string stem = Layers(g, g.Node("MatMul", [rows, g.Weight("in", 2, 1, 2, Width)]), "stem", 1);
        string[] ends = [.. new[] { "left", "right" }.Select(module => Layers(g, stem, module, 3))];
        g.Output("y", g.Node("Add", ends), "rows", Width);
        ModelProto model = g.ToModel();
        model.Graph.ValueInfo.Add(Stated(where, ElementType.Int64, 2, Width));
        return model;
    }

    public static string Save(ModelProto model, string folder, string name)
    {
        string path = Path.Combine(folder, name + ".onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static ValueInfoProto Stated(string name, ElementType element, params long[] shape) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = (int)element,
                Shape = new TensorShapeProto { Dim = { shape.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }) } },
            },
        },
    };

    private static string Layers(ModelBuilder g, string x, string module, int layers)
    {
        using IDisposable inside = g.In(module);
        for (int i = 0; i < layers; i++)
            x = g.GemmRelu(x, "layers." + i, Width, Width);
        return x;
    }

    private static string As(ModelBuilder g, string x, ElementType element)
    {
        if (element == ElementType.Bool)
            return g.Node("Greater", [x, g.Scalar(0.1f)]);
        if (element == ElementType.Int64)
            return g.Node("ArgMax", [x], Attributes.Int("axis", 1));
        if (element != ElementType.String)
            return g.Node("Cast", [x], Attributes.Int("to", (int)element));
        TensorProto words = new() { DataType = (int)ElementType.String, Dims = { Width } };
        words.StringData.AddRange(Enumerable.Range(0, Width).Select(i => ByteString.CopyFromUtf8("wörd " + i)));
        return g.Node("Gather", [g.Initializer("words", words), As(g, x, ElementType.Int64)]);
    }

    private static int Size(ElementType element) => element switch
    {
        ElementType.Int64 => 1,
        ElementType.String => 2,
        _ => Width,
    };
}
