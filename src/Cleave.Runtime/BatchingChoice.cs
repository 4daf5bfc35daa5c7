namespace Cleave;

/// <summary>Whether requests that wait at the same time are put together.</summary>
public enum BatchingChoice
{
    /// <summary>
    /// Where the model has a proven batch axis and the cost function predicts at least 1.1 times the throughput, unless
    /// <see cref="RunnerOptions.Hint"/> was set to <see cref="RunnerHint.Latency"/>. The default.
    /// </summary>
    Auto,

    /// <summary>Wherever the model has a proven batch axis, whatever is predicted and whatever the hint is.</summary>
    On,

    /// <summary>Never.</summary>
    Off,
}
