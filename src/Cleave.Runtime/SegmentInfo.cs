namespace Cleave;

/// <summary>The session that <see cref="RunnerOptions.ConfigureSession"/> is called for. Immutable.</summary>
public sealed class SegmentInfo
{
    internal SegmentInfo(string model, string segment, int threads)
    {
        Model = model;
        Segment = segment;
        Threads = threads;
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>The part of the model that the session runs; <c>Whole</c> where it is all of it.</summary>
    public string Segment { get; }

    /// <summary>The threads planned for the session, the calling thread included.</summary>
    public int Threads { get; }
}
