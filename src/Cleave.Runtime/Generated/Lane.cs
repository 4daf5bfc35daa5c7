using System;
using System.ComponentModel;

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

    /// <summary>Lets the other lanes read a value that this lane made. Never blocks.</summary>
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
}
