using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>A part of the model that runs in one session. Made by generated code; belongs to one <see cref="Plan"/>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class Segment
{
    /// <summary>Describes a segment.</summary>
    /// <param name="name">Its name in messages and logs.</param>
    /// <param name="nodes">The nodes that form it, as positions in the model's node list: <c>0-4,7</c>; <c>*</c> is all. Constants that they read need not be listed.</param>
    /// <param name="reads">What it reads.</param>
    /// <param name="writes">What it writes.</param>
    public Segment(string name, string nodes, Value[] reads, Value[] writes)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(reads);
        ArgumentNullException.ThrowIfNull(writes);
        Name = name;
        Nodes = nodes;
        Reads = reads;
        Writes = writes;
    }

    /// <summary>Describes a segment that runs on the plan's accelerator: its lane launches it.</summary>
    /// <param name="name">Its name in messages and logs.</param>
    /// <param name="nodes">The nodes that form it, as positions in the model's node list.</param>
    /// <param name="reads">What it reads.</param>
    /// <param name="writes">What it writes.</param>
    /// <param name="weightBytes">Of its weights.</param>
    /// <param name="workspaceBytes">What a run takes there beside its inputs and outputs, by estimate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative.</exception>
    public static Segment OnDevice(string name, string nodes, Value[] reads, Value[] writes, long weightBytes, long workspaceBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weightBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(workspaceBytes);
        return new Segment(name, nodes, reads, writes) { IsOnDevice = true, WeightBytes = weightBytes, WorkspaceBytes = workspaceBytes };
    }

    /// <summary>Whether it runs on the plan's accelerator.</summary>
    internal bool IsOnDevice { get; private init; }

    /// <summary>Of its weights, on an accelerator.</summary>
    internal long WeightBytes { get; private init; }

    /// <summary>What a run takes on an accelerator beside its inputs and outputs, by estimate.</summary>
    internal long WorkspaceBytes { get; private init; }

    internal string Name { get; }

    internal string Nodes { get; }

    internal Value[] Reads { get; }

    internal Value[] Writes { get; }

    /// <summary>Whether the segment is the whole model.</summary>
    internal bool IsWhole => Nodes == "*";

    /// <summary>Its place in its plan; -1 before it belongs to one.</summary>
    internal int Index { get; private set; } = -1;

    /// <summary>The plan that it belongs to; null before it belongs to one. A node that another of its segments has, too, is a clone.</summary>
    internal Plan? Plan { get; private set; }

    /// <summary>How the model is taken apart whose nodes it counts; empty: not at all.</summary>
    internal string Recurrent => Plan?.Recurrent ?? "";

    internal void Join(Plan plan, int index)
    {
        Plan = plan;
        Index = index;
    }
}
