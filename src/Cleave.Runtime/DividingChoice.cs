namespace Cleave;

/// <summary>Whether the batch of a request that is alone is divided over several instances of the model, which run its slices at once.</summary>
public enum DividingChoice
{
    /// <summary>
    /// Where the model has a proven batch axis, and it is predicted to take at most 1/1.1 of the time of the best single session, and as long as it is measured to
    /// be faster. The default.
    /// </summary>
    Auto,

    /// <summary>Wherever the model has a proven batch axis: into as many slices of one thread each as there are cores, whatever is predicted.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}
