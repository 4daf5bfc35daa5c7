using System.Collections.Generic;

namespace Cleave.TestKit.Damage;

/// <summary>What it takes to see a damage.</summary>
public enum Seen
{
    /// <summary>The build sees it.</summary>
    Build,

    /// <summary>The build sees it where the model has a contract.</summary>
    Contract,

    /// <summary>Publishing the application sees it: a target of the project takes the model away.</summary>
    Publish,

    /// <summary>Only running the model shows it, or what was recorded.</summary>
    Running,

    /// <summary>A valid model that gives something else: only what was recorded shows it.</summary>
    Recording,
}

/// <summary>A model that was damaged.</summary>
/// <param name="Kind">The kind of damage.</param>
/// <param name="Model">The model it was made of.</param>
/// <param name="Files">The model's bytes under "", and files beside it by name; without "" the model is missing.</param>
public sealed record DamagedModel(DamageKind Kind, string Model, IReadOnlyDictionary<string, byte[]> Files)
{
    /// <summary>Item metadata, as XML attributes.</summary>
    public string Metadata { get; init; } = "";
}
