namespace PageReader.Training.Network;

/// <summary>A step of a network, with the result and its gradient for the line at hand.</summary>
internal abstract class Layer(int channels, int height)
{
    public Planes Output { get; } = new(channels, height);

    public Planes OutputGradient { get; } = new(channels, height);

    /// <summary>What is learnt.</summary>
    public virtual IReadOnlyList<Parameters> Learnt => [];

    public abstract void Forward(Planes input);

    /// <summary>From the output's gradient: adds to that of what is learnt, and sets the input's where there is one.</summary>
    public abstract void Backward(Planes input, Planes? inputGradient);
}
