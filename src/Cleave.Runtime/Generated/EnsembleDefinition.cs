using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>What generated code says of an ensemble. Immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class EnsembleDefinition
{
    /// <summary>Describes an ensemble.</summary>
    /// <param name="contract">The contract that the code was generated for.</param>
    /// <param name="name">Its name in messages, logs and thread names.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="members">Its members; at least one.</param>
    /// <param name="outputs">Its outputs.</param>
    public EnsembleDefinition(int contract, string name, Value[] inputs, EnsembleMember[] members, EnsembleOutput[] outputs)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(outputs);
        if (members.Length == 0)
            throw new ArgumentException("An ensemble needs a member.", nameof(members));
        foreach (EnsembleOutput output in outputs)
        {
            if (output.Places.Length != members.Length || (output.Weights.Length > 0 && output.Weights.Length != members.Length))
                throw new ArgumentException("An output needs a place, and a weight if any, for each member.", nameof(outputs));
        }
        Contract = contract;
        Name = name;
        Inputs = inputs;
        Members = members;
        Outputs = outputs;
    }

    /// <summary>Its place below the application's folder, where what was measured of it lies; "": nowhere.</summary>
    public string Path { get; init; } = "";

    /// <summary>The devices that members may run on, as <c>cuda:0</c> or <c>cpu</c>; empty: the processor.</summary>
    public string[] Devices { get; init; } = [];

    /// <summary>The same under the name that the application gave the runner; null: it gave none.</summary>
    internal EnsembleDefinition Named(string? name) =>
        name is null ? this : new(Contract, name, Inputs, Members, Outputs) { Path = Path, Devices = Devices };

    internal int Contract { get; }

    internal string Name { get; }

    internal Value[] Inputs { get; }

    internal EnsembleMember[] Members { get; }

    internal EnsembleOutput[] Outputs { get; }
}
