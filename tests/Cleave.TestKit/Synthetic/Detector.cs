using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>A single-shot detector: two feature maps, boxes decoded from priors, NonMaxSuppression; how many it finds depends on the image.</summary>
internal sealed class Detector
{
    private const int Side = 128;
    private const int Classes = 3;
    private const int PriorsPerCell = 2;
    private readonly ModelBuilder _g = new("detector");

    /// <summary>One image; boxes, scores and labels.</summary>
    public ModelProto Single()
    {
        string image = _g.Input("image", 1, 3, Side, Side);
        (string boxes, string scores) = Heads(image);
        string kept = Keep(boxes, scores);
        string numbers = Column(kept, 2);
        string found = _g.Node("Gather", [_g.Node("Squeeze", [boxes, _g.Int64s(0)]), numbers], Attributes.Int("axis", 0));
        _g.Output("boxes", found, "detections", 4);
        _g.Output("scores", _g.Node("GatherND", [scores, kept]), "detections");
        _g.Output("labels", Column(kept, 1), ElementType.Int64, "detections");
        return _g.ToModel();
    }

    /// <summary>Several images; all detections in one list: image, class, score and box.</summary>
    public ModelProto Merged()
    {
        string images = _g.Input("images", "batch", 3, Side, Side);
        (string boxes, string scores) = Heads(images);
        string kept = Keep(boxes, scores);
        string places = _g.Node("Gather", [kept, _g.Int64s(0, 2)], Attributes.Int("axis", 1));
        string score = _g.Node("Unsqueeze", [_g.Node("GatherND", [scores, kept]), _g.Int64s(1)]);
        string labels = _g.Node("Cast", [_g.Node("Gather", [kept, _g.Int64s(0, 1)], Attributes.Int("axis", 1))], Attributes.Int("to", (int)ElementType.Float));
        string rows = _g.Node("Concat", [labels, score, _g.Node("GatherND", [boxes, places])], Attributes.Int("axis", 1));
        _g.Output("detections", rows, "total", 7);
        return _g.ToModel();
    }

    private (string Boxes, string Scores) Heads(string image)
    {
        Feature x = new(image, 3);
        List<string> deltas = [], scores = [];
        int[] widths = [16, 32, 64, 64];
        for (int i = 0; i < widths.Length; i++)
        {
            x = _g.ConvBnRelu(x, $"backbone.{i}", widths[i], Window.Same(3, 2));
            if (i < 2)
                continue;
            deltas.Add(Rows($"box_heads.{i}", x, 4));
            scores.Add(Rows($"class_heads.{i}", x, Classes));
        }
        string probabilities = _g.Node("Sigmoid", [_g.Node("Concat", [.. scores], Attributes.Int("axis", 1))]);
        string all = _g.Node("Concat", [.. deltas], Attributes.Int("axis", 1));
        return (Decode(all), _g.Transpose(probabilities, 0, 2, 1));
    }

    // [batch, priors, values]
    private string Rows(string module, Feature x, int values)
    {
        using IDisposable inside = _g.In(module);
        string map = _g.Transpose(_g.Conv(x, PriorsPerCell * values, Window.Same(3)).Value, 0, 2, 3, 1);
        return _g.Node("Reshape", [map, _g.ShapeOf(_g.SizeOf(map, 0), _g.Int64(-1), _g.Int64(values))]);
    }

    // Centre and size, relative to a prior, to two corners.
    private string Decode(string deltas)
    {
        float[] priors = Priors();
        string centers = Prior("priors.centers", priors, 0), sizes = Prior("priors.sizes", priors, 2);
        string offset = _g.Node("Mul", [_g.Node("Mul", [Half(deltas, 0), _g.Scalar(0.1f)]), sizes]);
        string center = _g.Node("Add", [offset, centers]);
        string size = _g.Node("Mul", [_g.Node("Exp", [_g.Node("Mul", [Half(deltas, 2), _g.Scalar(0.2f)])]), sizes]);
        string reach = _g.Node("Div", [size, _g.Scalar(2)]);
        return _g.Node("Concat", [_g.Node("Sub", [center, reach]), _g.Node("Add", [center, reach])], Attributes.Int("axis", 2));
    }

    private string Half(string rows, long start) => _g.Node("Slice", [rows, _g.Int64s(start), _g.Int64s(start + 2), _g.Int64s(2)]);

    private string Prior(string name, float[] priors, int start)
    {
        float[] values = new float[priors.Length / 2];
        for (int i = 0; i < values.Length; i++)
            values[i] = priors[(i / 2 * 4) + start + (i % 2)];
        return _g.Initializer(name, Tensors.Floats(_g.Floats, [1, values.Length / 2, 2], values));
    }

    // A small and a large square in each cell of both maps.
    private static float[] Priors()
    {
        List<float> priors = [];
        foreach (int cells in (int[])[16, 8])
        {
            for (int cell = 0; cell < cells * cells; cell++)
            {
                foreach (float size in (float[])[1.5f / cells, 3f / cells])
                    priors.AddRange([((cell % cells) + 0.5f) / cells, ((cell / cells) + 0.5f) / cells, size, size]);
            }
        }
        return [.. priors];
    }

    // [kept, 3]: image, class, prior.
    private string Keep(string boxes, string scores) => _g.Node("NonMaxSuppression",
        [boxes, scores, _g.Int64s(20), _g.Constant(Tensors.Floats(ElementType.Float, [1], [0.5f])), _g.Constant(Tensors.Floats(ElementType.Float, [1], [0.5f]))]);

    private string Column(string rows, long column) => _g.Node("Gather", [rows, _g.Int64(column)], Attributes.Int("axis", 1));
}
