using LabelGlyphsModel.Drawing;

namespace LabelGlyphsModel.Training;

/// <summary>Weights that are learnt, with their gradient and momentum.</summary>
internal sealed class Parameters(string name, int[] shape)
{
    private readonly float[] _momentum = new float[Count(shape)];

    public string Name { get; } = name;

    public int[] Shape { get; } = shape;

    public float[] Values { get; } = new float[Count(shape)];

    public float[] Gradient { get; } = new float[Count(shape)];

    /// <summary>Random values whose products keep their size: deviation √(2 / inputs).</summary>
    public Parameters Scatter(SeededRandom random, int inputs)
    {
        float deviation = MathF.Sqrt(2f / inputs);
        for (int i = 0; i < Values.Length; i++)
            Values[i] = random.Normal() * deviation;
        return this;
    }

    /// <summary>One step down the gradient, which starts again at zero.</summary>
    public void Step(float rate)
    {
        const float KeptMomentum = 0.9f;
        for (int i = 0; i < Values.Length; i++)
        {
            _momentum[i] = KeptMomentum * _momentum[i] - rate * Gradient[i];
            Values[i] += _momentum[i];
        }
        Array.Clear(Gradient);
    }

    private static int Count(int[] shape) => shape.Aggregate(1, (product, size) => product * size);
}
