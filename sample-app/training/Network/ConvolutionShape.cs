namespace PageReader.Training.Network;

/// <summary>How a convolution is built.</summary>
/// <param name="Name">Of its weights.</param>
/// <param name="Inputs">Channels that come in.</param>
/// <param name="Outputs">Channels that go out.</param>
/// <param name="KernelHeight">Rows of the kernel.</param>
/// <param name="KernelWidth">Columns of the kernel; the width stays as it is.</param>
/// <param name="InputHeight">Rows that come in.</param>
/// <param name="Folds">Without zeros above and below: as many rows as the kernel has become one.</param>
/// <param name="Clips">Whether negative results become zero (ReLU).</param>
internal sealed record ConvolutionShape(
    string Name, int Inputs, int Outputs, int KernelHeight, int KernelWidth, int InputHeight, bool Folds = false, bool Clips = true)
{
    public int OutputHeight => Folds ? InputHeight - KernelHeight + 1 : InputHeight;

    public int PadY => Folds ? 0 : KernelHeight / 2;

    public int PadX => KernelWidth / 2;

    public int Taps => KernelHeight * KernelWidth;
}
