using System;
using System.ComponentModel;
using Cleave.Lanes;

namespace Cleave.Generated;

/// <summary>
/// One thread's way through a plan: what generated lane methods call. A method must make the same statements each time:
/// it is read once, running nothing, when the runner opens, and each run is held to that.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class Lane
{
    internal Lane()
    {
    }

    /// <summary>Runs a segment on the calling thread.</summary>
    /// <exception cref="CleaveException">ONNX Runtime failed (CLV4008).</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public abstract void Run(Segment segment);

    /// <summary>
    /// Queues a segment on the plan's accelerator, after the copies of what it reads of the host, and the copies of what the host reads of it. Does not wait for any of them.
    /// </summary>
    /// <exception cref="DeviceException">The accelerator has no room for it, or was lost (CLV4021, CLV4022).</exception>
    /// <exception cref="CleaveException">ONNX Runtime failed (CLV4008).</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public abstract void Launch(Segment segment);

    /// <summary>Lets the other lanes read a value that this lane made, or its accelerator makes. Never blocks.</summary>
    public abstract void Send(Value value);

    /// <summary>Waits until another lane has sent a value; without copying it.</summary>
    /// <exception cref="CleaveException">The lane that is to send it does not go on (CLV4010).</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled.</exception>
    public abstract void Receive(Value value);

    /// <summary>Waits for both.</summary>
    public void Receive(Value first, Value second)
    {
        Receive(first);
        Receive(second);
    }

    /// <summary>Waits for all three.</summary>
    public void Receive(Value first, Value second, Value third)
    {
        Receive(first, second);
        Receive(third);
    }

    /// <summary>Waits for all four. Where there are more, generated code has a further statement: an array would be garbage.</summary>
    public void Receive(Value first, Value second, Value third, Value fourth)
    {
        Receive(first, second);
        Receive(third, fourth);
    }

    /// <summary>
    /// Makes the statements of a table: pairs of what to do (0: run, 1: send, 2: receive) and the place of the segment or value. For plans
    /// with more statements than anybody reads.
    /// </summary>
    /// <exception cref="ArgumentException">The table has something else.</exception>
    public void Follow(Segment[] segments, Value[] values, int[] statements)
    {
        ArgumentNullException.ThrowIfNull(segments);
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(statements);
        for (int i = 0; i < statements.Length; i += 2)
        {
            StatementKind kind = (StatementKind)statements[i];
            int of = kind == StatementKind.Run ? segments.Length : values.Length;
            if (i + 1 == statements.Length || (uint)kind > (uint)StatementKind.Receive || (uint)statements[i + 1] >= (uint)of)
                throw new ArgumentException("A table of statements has no statement at position " + i + ": it was changed by hand, or made wrongly. Rebuild the application.", nameof(statements));
            int place = statements[i + 1];
            if (kind == StatementKind.Run && segments[place].IsOnDevice)
                Launch(segments[place]);
            else if (kind == StatementKind.Run)
                Run(segments[place]);
            else if (kind == StatementKind.Send)
                Send(values[place]);
            else
                Receive(values[place]);
        }
    }
}
