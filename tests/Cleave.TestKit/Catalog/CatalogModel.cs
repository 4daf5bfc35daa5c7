using System;
using System.Collections.Generic;

namespace Cleave.TestKit.Catalog;

/// <summary>What a model mostly counts in; it decides how near results must be.</summary>
public enum Arithmetic
{
    Float32,
    Float16,
    /// <summary>Eight-bit products inside, floats outside.</summary>
    Quantised,
    Integer,
}

/// <summary>From where to where an input's random values go, both ends included for integers.</summary>
public readonly record struct InputRange(double Low, double High);

/// <summary>A model at hand: how to get its file, and what to run it with.</summary>
/// <param name="Name">Unique; fit for a file name.</param>
/// <param name="Write">Writes the file into a folder and returns its path; a shared model's path is that of the published file.</param>
public sealed record CatalogModel(string Name, Func<string, string> Write)
{
    /// <summary>At least one.</summary>
    public IReadOnlyList<DimSample> Samples { get; init; } = [DimSample.Fixed];

    public Arithmetic Arithmetic { get; init; }

    /// <summary>Has If, Loop or Scan.</summary>
    public bool HasControlFlow { get; init; }

    /// <summary>Over 30 MB of weights, or much to compute while a smaller model is built as it is: for benchmarks and few tests.</summary>
    public bool IsBig { get; init; }

    /// <summary>Exists only where <see cref="SharedModels.Exist"/>.</summary>
    public bool IsShared { get; init; }

    /// <summary>The ONNX project's light models as published: their weights are one constant, so equal results prove little.</summary>
    public bool HasConstantWeights { get; init; }

    /// <summary>The dimension along which samples truly stay apart, whether or not that can be proven; null: none.</summary>
    public string? BatchDim { get; init; }

    /// <summary>By the name of an input; others have floats from -1 to 1, integers that are all 1 and random truths.</summary>
    public IReadOnlyDictionary<string, InputRange> Ranges { get; init; } = new Dictionary<string, InputRange>();

    /// <summary>Shown by test runners.</summary>
    public override string ToString() => Name;
}
