using System;

namespace Cleave.Tool.Rewriting;

/// <summary>What was asked for cannot be written; the message says why, and what to do.</summary>
internal sealed class RewriteException(string message, Exception? inner = null) : CommandException(message, inner)
{
    /// <summary>Whether the model is such that there is nothing to write for it, which is an answer; else something went wrong, or was asked for wrongly.</summary>
    public bool IsAnswer { get; init; }
}
