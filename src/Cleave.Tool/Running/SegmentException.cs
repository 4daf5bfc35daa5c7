using System;

namespace Cleave.Tool.Running;

/// <summary>A segment could not be made or run.</summary>
internal sealed class SegmentException(string segment, string message) : Exception(message)
{
    public string Segment { get; } = segment;
}
