using System;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>
/// A network of NASNet-A cells (Zoph et al. 2017): each cell reads the two before it and has five blocks of two branches, most
/// of them separable convolutions. Three groups of <paramref name="repeats"/> normal cells, a reduction cell between them.
/// </summary>
internal sealed class Nasnet(int side, int filters, int repeats)
{
    private readonly ModelBuilder _g = new("nasnet");

    public ModelProto Build()
    {
        Feature image = new(_g.Input("input", "batch", 3, side, side), 3);
        Feature last = _g.ConvBnRelu(image, "stem", filters, Window.Same(3, 2));
        Feature before = last;
        bool shrunk = false;
        for (int group = 0; group < 3; group++)
        {
            int width = filters << group;
            for (int cell = group == 0 ? 0 : -1; cell < repeats; cell++)
            {
                bool reduces = cell < 0;
                using IDisposable inside = _g.In(reduces ? $"reduction_{group}" : $"cell_{(group * repeats) + cell}");
                Feature next = reduces ? ReductionCell(last, before, shrunk, width) : NormalCell(last, before, shrunk, width);
                (before, last, shrunk) = (last, next, reduces);
            }
        }
        string scores = _g.Node("Softmax", [_g.Gemm(_g.PoolToVector(_g.Relu(last)), "classifier", last.Channels, 100)], Attributes.Int("axis", 1));
        _g.Output("scores", scores, "batch", 100);
        return _g.ToModel();
    }

    private Feature NormalCell(Feature last, Feature before, bool shrunk, int width)
    {
        (Feature h, Feature p) = Prepare(last, before, shrunk, width);
        Feature one = Sum(Separable("block1_left", h, 5), Separable("block1_right", p, 3));
        Feature two = Sum(Separable("block2_left", p, 5), Separable("block2_right", p, 3));
        Feature three = Sum(Average(h, 1), p);
        Feature four = Sum(Average(p, 1), Average(p, 1));
        Feature five = Sum(Separable("block5_left", h, 3), h);
        return _g.Concat(p, one, two, three, four, five);
    }

    private Feature ReductionCell(Feature last, Feature before, bool shrunk, int width)
    {
        (Feature h, Feature p) = Prepare(last, before, shrunk, width);
        Feature one = Sum(Separable("block1_left", h, 5, 2), Separable("block1_right", p, 7, 2));
        Feature two = Sum(_g.MaxPool(h, Window.Same(3, 2)), Separable("block2_right", p, 7, 2));
        Feature three = Sum(Average(h, 2), Separable("block3_right", p, 5, 2));
        Feature four = Sum(Average(one, 1), two);
        Feature five = Sum(Separable("block5_left", one, 3), _g.MaxPool(h, Window.Same(3, 2)));
        return _g.Concat(two, three, four, five);
    }

    // Both inputs to this cell's width; the older one to the size of the newer one, too.
    private (Feature Last, Feature Before) Prepare(Feature last, Feature before, bool shrunk, int width)
    {
        Feature h = Squeeze("conv_1x1", last, width);
        return (h, shrunk ? Shrink(before, width) : Squeeze("prev_1x1", before, width));
    }

    private Feature Squeeze(string module, Feature x, int width)
    {
        using IDisposable inside = _g.In(module);
        return Normalised(Conv("conv", _g.Relu(x), width, new Window(1, 1)));
    }

    // Two paths that look at every other pixel, one of them a pixel further.
    private Feature Shrink(Feature x, int width)
    {
        using IDisposable inside = _g.In("factorized_reduction");
        Feature relu = _g.Relu(x);
        Feature left = Conv("path_1", _g.AveragePool(relu, new Window(1, 1, 2)), width / 2, new Window(1, 1));
        string padded = _g.Node("Pad", [relu.Value, _g.Int64s(0, 0, 0, 0, 0, 0, 1, 1)], Attributes.Text("mode", "constant"));
        string shifted = _g.Node("Slice", [padded, _g.Int64s(1, 1), _g.Int64s(long.MaxValue, long.MaxValue), _g.Int64s(2, 3)]);
        Feature right = _g.AveragePool(relu with { Value = shifted }, new Window(1, 1, 2));
        return Normalised(_g.Concat(left, Conv("path_2", right, width - (width / 2), new Window(1, 1))));
    }

    private Feature Separable(string module, Feature x, int kernel, int stride = 1)
    {
        using IDisposable inside = _g.In(module);
        return Half("2", Half("1", x, kernel, stride), kernel, 1);
    }

    // Relu, depthwise and pointwise convolution, normalisation.
    private Feature Half(string number, Feature x, int kernel, int stride)
    {
        using IDisposable inside = _g.In("separable_" + number);
        Feature spread = Conv("depthwise", _g.Relu(x), x.Channels, Window.Same(kernel, stride), groups: x.Channels);
        return Normalised(Conv("pointwise", spread, x.Channels, new Window(1, 1)));
    }

    // Each block adds two branches, so they may shrink a little.
    private Feature Conv(string module, Feature x, int channels, Window window, int groups = 1)
    {
        using IDisposable inside = _g.In(module);
        return _g.Conv(x, channels, window, groups, bias: false, gain: 1);
    }

    private Feature Normalised(Feature x)
    {
        using IDisposable inside = _g.In("bn");
        return _g.BatchNorm(x);
    }

    private Feature Average(Feature x, int stride) => _g.AveragePool(x, Window.Same(3, stride), countPadding: false);

    private Feature Sum(Feature a, Feature b) => a with { Value = _g.Node("Add", [a.Value, b.Value]) };
}
