namespace PageReader.Training.Network;

/// <summary>A convolution of stride 1.</summary>
internal sealed class Convolution(ConvolutionShape shape, Parameters weight, Parameters bias) : Layer(shape.Outputs, shape.OutputHeight)
{
    private readonly float[] _turned = new float[weight.Values.Length];

    public ConvolutionShape Shape { get; } = shape;

    public override IReadOnlyList<Parameters> Learnt { get; } = [weight, bias];

    public override void Forward(Planes input)
    {
        Output.Reset(input.Width);
        Kernels.Correlate(input, weight.Values, bias.Values, Offsets(input, Shape.Inputs, 1), Output, Shape.Clips);
    }

    public override void Backward(Planes input, Planes? inputGradient)
    {
        for (int o = 0; o < Shape.Outputs; o++)
        {
            float sum = 0;
            for (int y = 0; y < Output.Height; y++)
            {
                Span<float> gradient = OutputGradient.Row(o, y);
                if (Shape.Clips)
                {
                    ReadOnlySpan<float> output = Output.Row(o, y);
                    for (int x = 0; x < gradient.Length; x++)
                        gradient[x] = output[x] > 0 ? gradient[x] : 0;
                }
                foreach (float value in gradient)
                    sum += value;
            }
            bias.Gradient[o] += sum;
        }
        Kernels.Accumulate(input, OutputGradient, Offsets(input, Shape.Inputs, 1), weight.Gradient);
        if (inputGradient is null)
            return;
        Turn();
        inputGradient.Reset(input.Width);
        Kernels.Correlate(OutputGradient, _turned, [], Offsets(OutputGradient, Shape.Outputs, -1), inputGradient, clip: false);
    }

    // Where the value for each weight of an output channel lies, from the place of the result; backwards, from that of the input.
    private int[] Offsets(Planes planes, int channels, int direction)
    {
        int[] offsets = new int[channels * Shape.Taps];
        for (int i = 0; i < offsets.Length; i++)
        {
            int tap = i % Shape.Taps;
            int dy = tap / Shape.KernelWidth - Shape.PadY;
            int dx = tap % Shape.KernelWidth - Shape.PadX;
            offsets[i] = i / Shape.Taps * planes.Plane + direction * (dy * planes.Stride + dx);
        }
        return offsets;
    }

    // [outputs, inputs, taps] to [inputs, outputs, taps].
    private void Turn()
    {
        for (int o = 0; o < Shape.Outputs; o++)
        {
            for (int i = 0; i < Shape.Inputs; i++)
                Array.Copy(weight.Values, (o * Shape.Inputs + i) * Shape.Taps, _turned, (i * Shape.Outputs + o) * Shape.Taps, Shape.Taps);
        }
    }
}
