using System;
using System.Collections.Generic;
using Cleave.Generated;

namespace Cleave.Lanes;

/// <summary>Notes what a lane method does, and does nothing.</summary>
internal sealed class LaneNotes : Lane
{
    private readonly List<(StatementKind Kind, object Subject)> _statements = [];

    /// <summary>The statements of a method, in order.</summary>
    public static List<(StatementKind Kind, object Subject)> Of(Action<Lane> method)
    {
        LaneNotes notes = new();
        method(notes);
        return notes._statements;
    }

    public override void Run(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        if (segment.IsOnDevice)
            throw new ArgumentException("The segment '" + segment.Name + "' is on an accelerator: a lane launches it, and does not run it.", nameof(segment));
        Note(StatementKind.Run, segment);
    }

    public override void Launch(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        if (!segment.IsOnDevice)
            throw new ArgumentException("The segment '" + segment.Name + "' is on no accelerator: a lane runs it, and does not launch it.", nameof(segment));
        Note(StatementKind.Run, segment);
    }

    public override void Send(Value value) => Note(StatementKind.Send, value);

    public override void Receive(Value value) => Note(StatementKind.Receive, value);

    private void Note(StatementKind kind, object subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        _statements.Add((kind, subject));
    }
}
