namespace PageReader.Training.Network;

/// <summary>Channels of rows, with zeros around each so that kernels may reach over the edges. The width may change.</summary>
internal sealed class Planes(int channels, int height)
{
    public const int PadX = 4;
    public const int PadY = 2;

    public int Channels { get; } = channels;

    public int Height { get; } = height;

    public int Width { get; private set; }

    public int Stride => Width + 2 * PadX;

    /// <summary>Distance of two channels.</summary>
    public int Plane => (Height + 2 * PadY) * Stride;

    public float[] Data { get; private set; } = [];

    public int At(int channel, int y) => channel * Plane + (y + PadY) * Stride + PadX;

    public Span<float> Row(int channel, int y) => Data.AsSpan(At(channel, y), Width);

    /// <summary>All zeros, of this width.</summary>
    public void Reset(int width)
    {
        Width = width;
        int size = Channels * Plane;
        if (Data.Length < size)
            Data = new float[size];
        else
            Array.Clear(Data);
    }
}
