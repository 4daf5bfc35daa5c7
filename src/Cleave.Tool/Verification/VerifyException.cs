using System;

namespace Cleave.Tool.Verification;

/// <summary>What was asked for cannot be verified; the message says why, and what to do.</summary>
internal sealed class VerifyException(string message) : CommandException(message);

/// <summary>A segment could not be made or run.</summary>
internal sealed class SegmentException(string segment, string message) : Exception(message)
{
    public string Segment { get; } = segment;
}
