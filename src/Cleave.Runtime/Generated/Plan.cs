using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>A way to run the model: its segments, and one method for each lane. Made by generated code; immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class Plan
{
    /// <summary>Describes a plan. Its segments may belong to no other plan.</summary>
    /// <exception cref="ArgumentException">There is no segment or no lane, or a segment belongs to another plan.</exception>
    public Plan(string name, Segment[] segments, params Action<Lane>[] lanes)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(segments);
        ArgumentNullException.ThrowIfNull(lanes);
        if (segments.Length == 0 || lanes.Length == 0)
            throw new ArgumentException("The plan '" + name + "' has no segments or no lanes.", nameof(segments));
        Name = name;
        Segments = segments;
        Lanes = lanes;
        for (int i = 0; i < segments.Length; i++)
        {
            if (segments[i].Index >= 0)
                throw new ArgumentException("The segment '" + segments[i].Name + "' belongs to two plans.", nameof(segments));
            segments[i].Join(this, i);
            HasDevice |= segments[i].IsOnDevice;
        }
    }

    /// <summary>How recurrent nodes of the model are taken apart for this plan, <c>node:steps/chunks</c>: its segments count the nodes that are there then. Empty: the model as it is.</summary>
    public string Recurrent { get; init; } = "";

    /// <summary>Whether it is more than the model in one session.</summary>
    internal bool IsSplit => Segments.Length > 1 || Lanes.Length > 1;

    /// <summary>Whether one of its segments runs on an accelerator.</summary>
    internal bool HasDevice { get; }

    internal string Name { get; }

    internal Segment[] Segments { get; }

    internal Action<Lane>[] Lanes { get; }
}
