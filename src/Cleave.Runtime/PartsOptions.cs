using System;

namespace Cleave;

/// <summary>How a job's parts (<see cref="IModelRunner{TInput,TOutput}.RunMany"/>) are divided over the cores. Immutable.</summary>
public sealed record PartsOptions
{
    private readonly PartPolicy _policy;
    private readonly PartWeights _weights;

    // Each time a new one: a binder of configuration fills the object that it finds, immutable or not, and must find no other runner's.
    /// <summary>The earliest finish by predicted costs, and equal parts together where that pays.</summary>
    public static PartsOptions Default => new();

    /// <summary>How threads are given to the parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public PartPolicy Policy
    {
        get => _policy;
        init
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(Policy), value, null);
            _policy = value;
        }
    }

    /// <summary>What the parts are expected to cost.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public PartWeights Weights
    {
        get => _weights;
        init
        {
            if (!Enum.IsDefined(value))
                throw new ArgumentOutOfRangeException(nameof(Weights), value, null);
            _weights = value;
        }
    }

    /// <summary>
    /// Whether parts of equal dimensions run together, as one batch, where the model keeps samples apart and that is predicted to pay. Their results are equal within
    /// the tolerance of the whole model, not bit for bit. <see cref="RunnerOptions.Deterministic"/> turns it off.
    /// </summary>
    public bool Merging { get; init; } = true;
}
