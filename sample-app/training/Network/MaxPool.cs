namespace PageReader.Training.Network;

/// <summary>The greatest of two rows, and of as many columns as given.</summary>
internal sealed class MaxPool(int channels, int inputHeight, int columns) : Layer(channels, inputHeight / 2)
{
    private int[] _chosen = [];

    public int Columns { get; } = columns;

    public override void Forward(Planes input)
    {
        Output.Reset(input.Width / Columns);
        if (_chosen.Length < Output.Data.Length)
            _chosen = new int[Output.Data.Length];
        for (int c = 0; c < Output.Channels; c++)
        {
            for (int y = 0; y < Output.Height; y++)
            {
                int to = Output.At(c, y);
                for (int x = 0; x < Output.Width; x++)
                {
                    int best = input.At(c, 2 * y) + x * Columns;
                    int below = best + input.Stride;
                    int end = best + Columns;
                    for (int at = best; at < end; at++, below++)
                    {
                        best = input.Data[at] > input.Data[best] ? at : best;
                        best = input.Data[below] > input.Data[best] ? below : best;
                    }
                    _chosen[to + x] = best;
                    Output.Data[to + x] = input.Data[best];
                }
            }
        }
    }

    public override void Backward(Planes input, Planes? inputGradient)
    {
        if (inputGradient is null)
            return;
        inputGradient.Reset(input.Width);
        for (int c = 0; c < Output.Channels; c++)
        {
            for (int y = 0; y < Output.Height; y++)
            {
                int from = Output.At(c, y);
                for (int x = 0; x < Output.Width; x++)
                    inputGradient.Data[_chosen[from + x]] += OutputGradient.Data[from + x];
            }
        }
    }
}
