using LabelGlyphsModel.Drawing;

namespace LabelGlyphsModel.Training;

/// <summary>3x3 convolution with zeros around the image, ReLU, and the greatest of each 2x2 pixels.</summary>
internal sealed class ConvStage
{
    private const int Taps = 9;

    private readonly int _inputs;
    private readonly int _outputs;
    private readonly int _height;
    private readonly int _width;
    private readonly float[] _shifted;
    private readonly float[] _shiftedGradient;
    private readonly float[] _sums;
    private readonly float[] _sumsGradient;
    private readonly int[] _chosen;

    public ConvStage(string name, int inputs, int outputs, int height, int width, SeededRandom random)
    {
        (_inputs, _outputs, _height, _width) = (inputs, outputs, height, width);
        Weight = new Parameters(name + ".weight", [outputs, inputs, 3, 3]).Scatter(random, inputs * Taps);
        Bias = new Parameters(name + ".bias", [outputs]);
        _shifted = new float[inputs * Taps * Area];
        _shiftedGradient = new float[_shifted.Length];
        _sums = new float[outputs * Area];
        _sumsGradient = new float[_sums.Length];
        _chosen = new int[outputs * Area / 4];
        Output = new float[_chosen.Length];
        InputGradient = new float[inputs * Area];
    }

    public Parameters Weight { get; }

    public Parameters Bias { get; }

    /// <summary>[outputs, height / 2, width / 2] of the last image.</summary>
    public float[] Output { get; }

    public float[] InputGradient { get; }

    private int Area => _height * _width;

    public void Forward(float[] input)
    {
        Shift(input, _shifted, gather: true);
        for (int o = 0; o < _outputs; o++)
        {
            Span<float> sum = _sums.AsSpan(o * Area, Area);
            sum.Fill(Bias.Values[o]);
            for (int k = 0; k < _inputs * Taps; k++)
                Lanes.AddScaled(sum, _shifted.AsSpan(k * Area, Area), Weight.Values[o * _inputs * Taps + k]);
        }
        for (int i = 0; i < Output.Length; i++)
        {
            int corner = i / (_width / 2) * 2 * _width + i % (_width / 2) * 2;
            int best = corner;
            foreach (int other in (ReadOnlySpan<int>)[corner + 1, corner + _width, corner + _width + 1])
                best = _sums[other] > _sums[best] ? other : best;
            _chosen[i] = best;
            Output[i] = Math.Max(0, _sums[best]);
        }
    }

    /// <summary>Adds to the weights' gradients; sets <see cref="InputGradient"/> where a stage before needs it.</summary>
    public void Backward(ReadOnlySpan<float> outputGradient, bool passOn)
    {
        Array.Clear(_sumsGradient);
        for (int i = 0; i < Output.Length; i++)
        {
            if (Output[i] > 0)
                _sumsGradient[_chosen[i]] += outputGradient[i];
        }
        Array.Clear(_shiftedGradient);
        for (int o = 0; o < _outputs; o++)
        {
            ReadOnlySpan<float> gradient = _sumsGradient.AsSpan(o * Area, Area);
            foreach (float value in gradient)
                Bias.Gradient[o] += value;
            for (int k = 0; k < _inputs * Taps; k++)
            {
                int weight = o * _inputs * Taps + k;
                Weight.Gradient[weight] += Lanes.Dot(gradient, _shifted.AsSpan(k * Area, Area));
                if (passOn)
                    Lanes.AddScaled(_shiftedGradient.AsSpan(k * Area, Area), gradient, Weight.Values[weight]);
            }
        }
        if (!passOn)
            return;
        Array.Clear(InputGradient);
        Shift(InputGradient, _shiftedGradient, gather: false);
    }

    // One copy of each input plane for each of the nine taps, moved by it; or, backwards, the copies added up.
    private void Shift(float[] planes, float[] shifted, bool gather)
    {
        for (int k = 0; k < _inputs * Taps; k++)
        {
            int moveY = k % Taps / 3 - 1;
            int moveX = k % 3 - 1;
            int first = Math.Max(0, -moveX);
            int count = _width - Math.Abs(moveX);
            for (int y = Math.Max(0, -moveY); y < _height - Math.Max(0, moveY); y++)
            {
                Span<float> plane = planes.AsSpan(k / Taps * Area + (y + moveY) * _width + first + moveX, count);
                Span<float> moved = shifted.AsSpan(k * Area + y * _width + first, count);
                if (gather)
                    plane.CopyTo(moved);
                else
                    Lanes.AddScaled(plane, moved, 1);
            }
        }
    }
}
