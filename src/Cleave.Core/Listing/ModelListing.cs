using System.Collections.Generic;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Core.Listing;

/// <summary>What the item and the project say of a model, as it stands there; "" means the default. Whoever uses a setting checks it.</summary>
internal sealed record ListingOptions
{
    /// <summary>The model's path in the project, with forward slashes; for messages, which stand at that file, and for doc comments.</summary>
    public string Source { get; init; } = "";

    /// <summary>The model's place below the application's folder, with forward slashes.</summary>
    public string Path { get; init; } = "";

    /// <summary>What generated code calls the model where the item says so: a path in the project that is the same on every machine, wherever the file lies.</summary>
    public string Link { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string ClassName { get; init; } = "";

    public string Access { get; init; } = "";

    public string Slicing { get; init; } = "";

    public string Weights { get; init; } = "";

    public string Plan { get; init; } = "";

    /// <summary>What planning takes for dimensions that are open: <c>batch=1,sequence=128</c>.</summary>
    public string Dims { get; init; } = "";

    /// <summary>Whether validation runs it.</summary>
    public string Validate { get; init; } = "";

    /// <summary>Its speed budget, which validation checks.</summary>
    public string MaxSlowdown { get; init; } = "";

    /// <summary>The model of floats that it was made of, relative to the project, with which validation compares it.</summary>
    public string QuantizedFrom { get; init; } = "";

    /// <summary>The largest error against that model; where it is left out, the file's own budget.</summary>
    public string MaxError { get; init; } = "";

    /// <summary>What <c>RunnerOptions</c> are to be where the application sets nothing, by the metadata's names: some of <see cref="RunnerSettings.Names"/>, in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>The values chosen as outputs, in their order; empty: the model's.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>The measured profile of the accelerator that the model is planned for, line by line; empty: none was measured, or none is planned for.</summary>
    public IReadOnlyList<string> Accelerator { get; init; } = [];
}

/// <summary>One model as the build sees it: the content of a <c>.graph</c> file (docs/listing.md).</summary>
internal sealed record ModelListing
{
    public ListingOptions Options { get; init; } = new();

    /// <summary>The model; null where it could not be read.</summary>
    public OnnxModel? Model { get; init; }

    /// <summary>The graph's hash ("h2:…"); "" without a model. Set when a listing is read; the writer computes its own.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Files beside the model that hold weights, relative to its folder, sorted.</summary>
    public IReadOnlyList<string> ExternalFiles { get; init; } = [];

    public IReadOnlyList<Problem> Problems { get; init; } = [];
}
