using System.Collections.Generic;
using Cleave.Core.Clustering;
using Cleave.Tool.Running;

namespace Cleave.Tool.Verification;

/// <summary>What <c>cleave verify</c> was asked for.</summary>
internal sealed record VerifyOptions
{
    /// <summary>Of the first partition of each kind; the others follow.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Of random inputs; null: <see cref="Seed"/>.</summary>
    public ulong? InputSeed { get; init; }

    public ulong SeedOfInputs => InputSeed ?? Seed;

    /// <summary>Partitions of each kind.</summary>
    public int Partitions { get; init; } = 20;

    public int Threads { get; init; } = 1;

    /// <summary>Empty: some that the model takes.</summary>
    public IReadOnlyList<DimensionSample> Samples { get; init; } = [];

    /// <summary>By input: a number for every element.</summary>
    public IReadOnlyDictionary<string, double> Fills { get; init; } = new Dictionary<string, double>();

    /// <summary>Folders with given inputs.</summary>
    public IReadOnlyList<string> InputFolders { get; init; } = [];

    /// <summary>Whether given inputs are meant alone: beside them there are only those of <see cref="Samples"/>.</summary>
    public bool OnlyGiven { get; init; }

    /// <summary>The values asked for; empty: the model's outputs.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>As the item metadata <c>Plan</c>: which plans would be baked in.</summary>
    public PlanMode Plan { get; init; }

    /// <summary>As the item metadata <c>Dims</c>: the sizes that they would be made for; what is missing has the default.</summary>
    public IReadOnlyDictionary<string, long> PlanSizes { get; init; } = new Dictionary<string, long>();

    /// <summary>Whether lost fusions are looked for.</summary>
    public bool Audit { get; init; } = true;
}
