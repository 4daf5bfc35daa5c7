using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>A member of an ensemble. Immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class EnsembleMember
{
    /// <summary>Describes a member.</summary>
    /// <param name="name">The model's path in the project; its <c>Link</c>, if it has one.</param>
    /// <param name="model">The model.</param>
    /// <param name="inputs">For each of its inputs the place among the ensemble's.</param>
    public EnsembleMember(string name, ModelDefinition model, int[] inputs)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Length != model.Inputs.Length)
            throw new ArgumentException("Each input of the model needs a place.", nameof(inputs));
        Name = name;
        Model = model;
        Inputs = inputs;
    }

    internal string Name { get; }

    internal ModelDefinition Model { get; }

    internal int[] Inputs { get; }
}
