namespace Cleave.Tool.Measuring;

/// <summary>A worker that did not do what it was told: the message says why, for people.</summary>
internal sealed class WorkerException(string message, string details) : CommandException(message)
{
    /// <summary>All that the process wrote to its error stream.</summary>
    public string Details { get; } = details;
}

/// <summary>Why a candidate was not measured.</summary>
/// <param name="Message">For people.</param>
/// <param name="Details">What its process wrote to its error stream.</param>
internal sealed record Failure(string Message, string Details);
