namespace Cleave;

/// <summary>What a part of a job is expected to cost.</summary>
public enum PartWeights
{
    /// <summary>What is predicted for its dimensions (the table in the generated code); where nothing is, as <see cref="InputSize"/>. The default.</summary>
    Predicted,

    /// <summary>The number of elements of its inputs.</summary>
    InputSize,

    /// <summary>What parts of its dimensions took before; where none ran yet, what is predicted, in proportion to those that did.</summary>
    Measured,
}
