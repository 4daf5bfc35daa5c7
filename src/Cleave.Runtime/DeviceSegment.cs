using System.Collections.Generic;

namespace Cleave;

/// <summary>A segment of a plan for an accelerator, and where it runs. Immutable.</summary>
public sealed class DeviceSegment
{
    internal const string Cpu = "CPU";

    internal DeviceSegment(string name, string place, int? nodes, IReadOnlyList<string> operators)
    {
        Name = name;
        Place = place;
        Nodes = nodes;
        Operators = operators;
    }

    /// <summary>The segment, as in the generated code.</summary>
    public string Name { get; }

    /// <summary>What runs it: <c>CPU</c>, or the device, for example <c>cuda:0</c>.</summary>
    public string Place { get; }

    /// <summary>
    /// How many nodes of it ONNX Runtime has given to the device, after its first optimisations: all of them, or the segment would not have been opened. Null for those on the CPU, and where
    /// ONNX Runtime does not say.
    /// </summary>
    public int? Nodes { get; }

    /// <summary>The operators of those nodes, each once; ordinal order.</summary>
    public IReadOnlyList<string> Operators { get; }

    /// <summary><c>lstm on cuda:0: 3 nodes (LSTM, Squeeze)</c>.</summary>
    public override string ToString() => Name + " on " + Place + (Nodes is { } nodes
        ? ": " + nodes.ToString(System.Globalization.CultureInfo.InvariantCulture) + (nodes == 1 ? " node (" : " nodes (") + string.Join(", ", Operators) + ")"
        : Place == Cpu ? "" : ": ONNX Runtime does not say which nodes");
}
