using Cleave.Tool.Verification;

namespace Cleave.Tool.Fixing;

/// <summary>What <c>cleave fix</c> was asked for.</summary>
internal sealed record FixOptions
{
    public required string Model { get; init; }

    public required string Output { get; init; }

    /// <summary>The name that the batch gets; null: it stays as it is.</summary>
    public string? Batch { get; init; }

    /// <summary>Whether floats of 16 bits are computed in 32.</summary>
    public bool Widen { get; init; }

    /// <summary>What the models are compared on.</summary>
    public VerifyOptions Inputs { get; init; } = new();

    /// <summary>Whether to measure what each change gains.</summary>
    public bool Measure { get; init; } = true;
}
