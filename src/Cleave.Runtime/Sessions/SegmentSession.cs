using System;
using Cleave.Generated;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>The session that runs one segment. Running it is thread-safe.</summary>
internal sealed class SegmentSession(string model, Segment segment, InferenceSession session, string way, int threads, bool copiesInputsWhenBound, string nodes) : IDisposable
{
    public string Model { get; } = model;

    /// <summary>The segment that it was made for; an equal one of another plan may use it, too.</summary>
    public Segment Segment { get; } = segment;

    public InferenceSession Session { get; } = session;

    /// <summary>How it was opened, for the log.</summary>
    public string Way { get; } = way;

    public int Threads { get; } = threads;

    /// <summary>
    /// Whether binding an input copies it to another device, so that it must be bound again before each run.
    /// </summary>
    public bool CopiesInputsWhenBound { get; } = copiesInputsWhenBound;

    /// <summary>The end of a message about the segment: its nodes, or nothing.</summary>
    public string NodesForMessages { get; } = nodes;

    public void Dispose() => Session.Dispose();
}
