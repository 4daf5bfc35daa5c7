using PageReader.Reading;

namespace PageReader.Training.Network;

/// <summary>Convolutions over a line of any width; the last one gives the scores of each step.</summary>
internal sealed class LineNetwork
{
    private readonly Planes _input = new(1, LineCrop.Height);
    private readonly float[] _scores;

    private LineNetwork(IReadOnlyList<Layer> layers)
    {
        Layers = layers;
        _scores = new float[layers[^1].Output.Channels];
    }

    public IReadOnlyList<Layer> Layers { get; }

    public IReadOnlyList<Parameters> Learnt => [.. Layers.SelectMany(l => l.Learnt)];

    /// <summary>Reads: a class for each step of two columns.</summary>
    public static LineNetwork Recognizer(ulong seed)
    {
        SeededRandom random = new(seed);
        return new LineNetwork(
        [
            Layer(new("features.0", 1, 16, 3, 3, 24), random), new MaxPool(16, 24, 2),
            Layer(new("features.1", 16, 32, 3, 3, 12), random), new MaxPool(32, 12, 1),
            Layer(new("features.2", 32, 48, 3, 3, 6), random), new MaxPool(48, 6, 1),
            Layer(new("column", 48, 80, 3, 3, 3, Folds: true), random),
            Layer(new("context", 80, 80, 1, 9, 1), random),
            Layer(new("classifier", 80, Alphabet.Classes.Length, 1, 1, 1, Clips: false), random),
        ]);
    }

    /// <summary>Tells lines that stand upright from those that stand on their head: the scores are the mean over all steps.</summary>
    public static LineNetwork Orientation(ulong seed)
    {
        SeededRandom random = new(seed);
        return new LineNetwork(
        [
            Layer(new("features.0", 1, 8, 3, 3, 24), random), new MaxPool(8, 24, 2),
            Layer(new("features.1", 8, 16, 3, 3, 12), random), new MaxPool(16, 12, 2),
            Layer(new("features.2", 16, 24, 3, 3, 6), random), new MaxPool(24, 6, 2),
            Layer(new("column", 24, 32, 3, 3, 3, Folds: true), random),
            Layer(new("classifier", 32, 2, 1, 1, 1, Clips: false), random),
        ]);
    }

    /// <summary>The same weights for another worker.</summary>
    public LineNetwork Shared() => new([.. Layers.Select(Shared)]);

    /// <summary>The scores of a line, before they become probabilities. The memory is used again by the next call.</summary>
    public Planes Forward(LineCrop crop)
    {
        int columns = Layers.OfType<MaxPool>().Aggregate(Kernels.Columns, (product, pool) => product * pool.Columns);
        _input.Reset((crop.Width + columns - 1) / columns * columns);
        for (int y = 0; y < LineCrop.Height; y++)
            crop.Pixels.AsSpan(y * crop.Width, crop.Width).CopyTo(_input.Row(0, y));
        Planes at = _input;
        foreach (Layer layer in Layers)
        {
            layer.Forward(at);
            at = layer.Output;
        }
        return at;
    }

    /// <summary>Adds the gradient of the cross entropy at each step of a line; steps with a negative class do not count.</summary>
    /// <param name="crop">The line.</param>
    /// <param name="steps">The class of each step.</param>
    /// <param name="share">The part of one step in what is learnt.</param>
    /// <returns>The sum of the cross entropies, and how many steps there were.</returns>
    public (double Loss, int Steps) Learn(LineCrop crop, int[] steps, float share)
    {
        Planes scores = Forward(crop);
        Planes gradient = Layers[^1].OutputGradient;
        gradient.Reset(scores.Width);
        double loss = 0;
        int counted = 0;
        for (int step = 0; step < steps.Length; step++)
        {
            if (steps[step] < 0)
                continue;
            counted++;
            loss -= Math.Log(Math.Max(1e-20, Probabilities(scores, step)[steps[step]]));
            for (int c = 0; c < _scores.Length; c++)
                gradient.Data[gradient.At(c, 0) + step] = share * (_scores[c] - (c == steps[step] ? 1 : 0));
        }
        Backward();
        return (loss, counted);
    }

    /// <summary>The same for one class of the whole line, by the mean of the scores.</summary>
    public double LearnWhole(LineCrop crop, int label, float share)
    {
        Planes scores = Forward(crop);
        for (int c = 0; c < _scores.Length; c++)
        {
            float sum = 0;
            foreach (float score in scores.Row(c, 0))
                sum += score;
            _scores[c] = sum / scores.Width;
        }
        Softmax();
        Planes gradient = Layers[^1].OutputGradient;
        gradient.Reset(scores.Width);
        for (int c = 0; c < _scores.Length; c++)
            gradient.Row(c, 0).Fill(share * (_scores[c] - (c == label ? 1 : 0)) / scores.Width);
        Backward();
        return -Math.Log(Math.Max(1e-20, _scores[label]));
    }

    private void Backward()
    {
        for (int i = Layers.Count - 1; i >= 0; i--)
            Layers[i].Backward(i == 0 ? _input : Layers[i - 1].Output, i == 0 ? null : Layers[i - 1].OutputGradient);
    }

    private float[] Probabilities(Planes scores, int step)
    {
        for (int c = 0; c < _scores.Length; c++)
            _scores[c] = scores.Data[scores.At(c, 0) + step];
        Softmax();
        return _scores;
    }

    private void Softmax()
    {
        float greatest = _scores.Max();
        float sum = 0;
        for (int c = 0; c < _scores.Length; c++)
            sum += _scores[c] = Kernels.Exp(_scores[c] - greatest);
        for (int c = 0; c < _scores.Length; c++)
            _scores[c] /= sum;
    }

    private static Convolution Layer(ConvolutionShape shape, SeededRandom random) => new(
        shape,
        Parameters.Random(shape.Name + ".weight", random, shape.Outputs, shape.Inputs, shape.KernelHeight, shape.KernelWidth),
        Parameters.Zero(shape.Name + ".bias", shape.Outputs));

    private static Layer Shared(Layer layer) => layer switch
    {
        Convolution c => new Convolution(c.Shape, c.Learnt[0].Shared(), c.Learnt[1].Shared()),
        MaxPool p => new MaxPool(p.Output.Channels, p.Output.Height * 2, p.Columns),
        _ => throw new ArgumentException("Unknown layer: " + layer.GetType(), nameof(layer)),
    };
}
