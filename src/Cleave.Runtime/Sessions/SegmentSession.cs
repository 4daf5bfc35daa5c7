using System;
using Cleave.Generated;
using Cleave.Prepared;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Sessions;

/// <summary>The session that runs one segment. Running it is thread-safe.</summary>
internal sealed class SegmentSession(string place, Segment segment, InferenceSession session, string way, int threads, bool copiesInputsWhenBound, string nodes) : IDisposable
{
    /// <summary>For messages: where the model came from.</summary>
    public string Place { get; } = place;

    /// <summary>The segment that it was made for; an equal one of another plan may use it, too.</summary>
    public Segment Segment { get; } = segment;

    /// <summary>What runs it. Where it was made from prepared files, this waits until they were checked, and is a plain session if they are not as they should be.</summary>
    /// <exception cref="CleaveException">The prepared files are not, and no plain session could be made.</exception>
    public InferenceSession Session => Check?.Replacement is { } plain ? plain.Session : Unchecked;

    /// <summary>What it was made as.</summary>
    public InferenceSession Unchecked { get; } = session;

    /// <summary>Compares it with what was recorded of a plain one; null where it is one.</summary>
    public PreparedCheck? Check { get; set; }

    /// <summary>How it was opened, for the log.</summary>
    public string Way { get; } = way;

    public int Threads { get; } = threads;

    /// <summary>
    /// Whether binding an input copies it to another device, so that it must be bound again before each run.
    /// </summary>
    public bool CopiesInputsWhenBound { get; } = copiesInputsWhenBound;

    /// <summary>The end of a message about the segment: its nodes, or nothing.</summary>
    public string NodesForMessages { get; } = nodes;

    public void Dispose()
    {
        Check?.Dispose();
        Unchecked.Dispose();
    }
}
