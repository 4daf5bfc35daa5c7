using System;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>Inception-v3 for classification (Szegedy et al. 2015), its blocks and names as in torchvision, without the auxiliary head.</summary>
internal static class InceptionV3
{
    private const float Epsilon = 0.001f;

    public static ModelProto Build()
    {
        ModelBuilder g = new("inception_v3");
        Feature x = new(g.Input("input", "batch", 3, 299, 299), 3);
        x = Conv(g, x, "Conv2d_1a_3x3", 32, new Window(3, 3, 2));
        x = Conv(g, x, "Conv2d_2a_3x3", 32, new Window(3, 3));
        x = Conv(g, x, "Conv2d_2b_3x3", 64, Window.Same(3));
        x = g.MaxPool(x, new Window(3, 3, 2));
        x = Conv(g, x, "Conv2d_3b_1x1", 80, new Window(1, 1));
        x = Conv(g, x, "Conv2d_4a_3x3", 192, new Window(3, 3));
        x = g.MaxPool(x, new Window(3, 3, 2));
        x = BlockA(g, x, "Mixed_5b", 32);
        x = BlockA(g, x, "Mixed_5c", 64);
        x = BlockA(g, x, "Mixed_5d", 64);
        x = BlockB(g, x, "Mixed_6a");
        x = BlockC(g, x, "Mixed_6b", 128);
        x = BlockC(g, x, "Mixed_6c", 160);
        x = BlockC(g, x, "Mixed_6d", 160);
        x = BlockC(g, x, "Mixed_6e", 192);
        x = BlockD(g, x, "Mixed_7a");
        x = BlockE(g, x, "Mixed_7b");
        x = BlockE(g, x, "Mixed_7c");
        g.Output("logits", g.Gemm(g.PoolToVector(x), "fc", x.Channels, 1000), "batch", 1000);
        return g.ToModel();
    }

    private static Feature BlockA(ModelBuilder g, Feature x, string module, int poolChannels)
    {
        using IDisposable inside = g.In(module);
        Feature one = Conv(g, x, "branch1x1", 64, new Window(1, 1));
        Feature five = Conv(g, x, "branch5x5_1", 48, new Window(1, 1));
        five = Conv(g, five, "branch5x5_2", 64, Window.Same(5));
        Feature three = Conv(g, x, "branch3x3dbl_1", 64, new Window(1, 1));
        three = Conv(g, three, "branch3x3dbl_2", 96, Window.Same(3));
        three = Conv(g, three, "branch3x3dbl_3", 96, Window.Same(3));
        return g.Concat(one, five, three, Pooled(g, x, poolChannels));
    }

    private static Feature BlockB(ModelBuilder g, Feature x, string module)
    {
        using IDisposable inside = g.In(module);
        Feature three = Conv(g, x, "branch3x3", 384, new Window(3, 3, 2));
        Feature twice = Conv(g, x, "branch3x3dbl_1", 64, new Window(1, 1));
        twice = Conv(g, twice, "branch3x3dbl_2", 96, Window.Same(3));
        twice = Conv(g, twice, "branch3x3dbl_3", 96, new Window(3, 3, 2));
        return g.Concat(three, twice, g.MaxPool(x, new Window(3, 3, 2)));
    }

    private static Feature BlockC(ModelBuilder g, Feature x, string module, int inner)
    {
        using IDisposable inside = g.In(module);
        Feature one = Conv(g, x, "branch1x1", 192, new Window(1, 1));
        Feature seven = Conv(g, x, "branch7x7_1", inner, new Window(1, 1));
        seven = Conv(g, seven, "branch7x7_2", inner, Row);
        seven = Conv(g, seven, "branch7x7_3", 192, Column);
        Feature twice = Conv(g, x, "branch7x7dbl_1", inner, new Window(1, 1));
        twice = Conv(g, twice, "branch7x7dbl_2", inner, Column);
        twice = Conv(g, twice, "branch7x7dbl_3", inner, Row);
        twice = Conv(g, twice, "branch7x7dbl_4", inner, Column);
        twice = Conv(g, twice, "branch7x7dbl_5", 192, Row);
        return g.Concat(one, seven, twice, Pooled(g, x, 192));
    }

    private static Feature BlockD(ModelBuilder g, Feature x, string module)
    {
        using IDisposable inside = g.In(module);
        Feature three = Conv(g, x, "branch3x3_1", 192, new Window(1, 1));
        three = Conv(g, three, "branch3x3_2", 320, new Window(3, 3, 2));
        Feature seven = Conv(g, x, "branch7x7x3_1", 192, new Window(1, 1));
        seven = Conv(g, seven, "branch7x7x3_2", 192, Row);
        seven = Conv(g, seven, "branch7x7x3_3", 192, Column);
        seven = Conv(g, seven, "branch7x7x3_4", 192, new Window(3, 3, 2));
        return g.Concat(three, seven, g.MaxPool(x, new Window(3, 3, 2)));
    }

    private static Feature BlockE(ModelBuilder g, Feature x, string module)
    {
        using IDisposable inside = g.In(module);
        Feature one = Conv(g, x, "branch1x1", 320, new Window(1, 1));
        Feature three = Conv(g, x, "branch3x3_1", 384, new Window(1, 1));
        three = g.Concat(Conv(g, three, "branch3x3_2a", 384, ShortRow), Conv(g, three, "branch3x3_2b", 384, ShortColumn));
        Feature twice = Conv(g, x, "branch3x3dbl_1", 448, new Window(1, 1));
        twice = Conv(g, twice, "branch3x3dbl_2", 384, Window.Same(3));
        twice = g.Concat(Conv(g, twice, "branch3x3dbl_3a", 384, ShortRow), Conv(g, twice, "branch3x3dbl_3b", 384, ShortColumn));
        return g.Concat(one, three, twice, Pooled(g, x, 192));
    }

    private static readonly Window Row = new(1, 7, PadWidth: 3);

    private static readonly Window Column = new(7, 1, PadHeight: 3);

    private static readonly Window ShortRow = new(1, 3, PadWidth: 1);

    private static readonly Window ShortColumn = new(3, 1, PadHeight: 1);

    private static Feature Pooled(ModelBuilder g, Feature x, int channels) =>
        Conv(g, g.AveragePool(x, Window.Same(3)), "branch_pool", channels, new Window(1, 1));

    private static Feature Conv(ModelBuilder g, Feature x, string module, int channels, Window window) =>
        g.ConvBnRelu(x, module, channels, window, Epsilon);
}
