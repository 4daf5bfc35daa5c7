using LabelGlyphsModel.Drawing;
using LabelReader.Reading;

namespace LabelGlyphsModel.Training;

/// <summary>Two convolution stages, then one score for each class.</summary>
internal sealed class GlyphNetwork
{
    public const int FirstChannels = 8;
    public const int SecondChannels = 16;
    public static readonly int Classes = Transcript.Classes.Length;
    public static readonly int Features = SecondChannels * (GlyphCrop.Height / 4) * (GlyphCrop.Width / 4);

    // Part of the truth that is spread over all classes, so that the network does not learn to be surer than it is right.
    private const float Doubt = 0.02f;

    private readonly float[] _probabilities = new float[Classes];
    private readonly float[] _featuresGradient = new float[Features];

    public GlyphNetwork(ulong seed)
    {
        SeededRandom random = new(seed);
        First = new ConvStage("features.0", 1, FirstChannels, GlyphCrop.Height, GlyphCrop.Width, random);
        Second = new ConvStage("features.1", FirstChannels, SecondChannels, GlyphCrop.Height / 2, GlyphCrop.Width / 2, random);
        Weight = new Parameters("classifier.weight", [Classes, Features]).Scatter(random, Features);
        Bias = new Parameters("classifier.bias", [Classes]);
    }

    public ConvStage First { get; }

    public ConvStage Second { get; }

    public Parameters Weight { get; }

    public Parameters Bias { get; }

    public IEnumerable<Parameters> All => [First.Weight, First.Bias, Second.Weight, Second.Bias, Weight, Bias];

    /// <summary>The probability of each class. The memory is used again by the next call.</summary>
    public ReadOnlySpan<float> Forward(float[] glyph)
    {
        First.Forward(glyph);
        Second.Forward(First.Output);
        float greatest = float.NegativeInfinity;
        for (int c = 0; c < Classes; c++)
        {
            _probabilities[c] = Bias.Values[c] + Lanes.Dot(Weight.Values.AsSpan(c * Features, Features), Second.Output);
            greatest = Math.Max(greatest, _probabilities[c]);
        }
        float sum = 0;
        for (int c = 0; c < Classes; c++)
            sum += _probabilities[c] = Lanes.Exp(_probabilities[c] - greatest);
        for (int c = 0; c < Classes; c++)
            _probabilities[c] /= sum;
        return _probabilities;
    }

    /// <summary>Adds the gradient of the cross entropy for one glyph; <paramref name="share"/> is its part of the step.</summary>
    public void Learn(float[] glyph, int label, float share)
    {
        Forward(glyph);
        Array.Clear(_featuresGradient);
        for (int c = 0; c < Classes; c++)
        {
            float truth = Doubt / Classes + (c == label ? 1 - Doubt : 0);
            float gradient = share * (_probabilities[c] - truth);
            Bias.Gradient[c] += gradient;
            Lanes.AddScaled(Weight.Gradient.AsSpan(c * Features, Features), Second.Output, gradient);
            Lanes.AddScaled(_featuresGradient, Weight.Values.AsSpan(c * Features, Features), gradient);
        }
        Second.Backward(_featuresGradient, passOn: true);
        First.Backward(Second.InputGradient, passOn: false);
    }
}
