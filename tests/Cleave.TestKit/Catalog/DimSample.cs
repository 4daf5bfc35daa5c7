using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.TestKit.Catalog;

/// <summary>
/// Sizes for a model's dynamic dimensions, written <c>batch=2,sequence=64</c>. A dimension without a name is called after its
/// input and axis: <c>state[1]</c>.
/// </summary>
public sealed record DimSample(string Text)
{
    /// <summary>For a model whose dimensions are all fixed.</summary>
    public static readonly DimSample Fixed = new("");

    public IReadOnlyDictionary<string, long> Sizes { get; } = Text
        .Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(part => part.Split('='))
        .ToDictionary(part => part[0], part => long.Parse(part[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);

    public static implicit operator DimSample(string text) => new(text);

    /// <summary>The size of a dimension of an input; <paramref name="name"/> is null where it has none.</summary>
    public long Size(string input, int axis, string? name)
    {
        string key = name ?? FormattableString.Invariant($"{input}[{axis}]");
        return Sizes.TryGetValue(key, out long size) ? size : throw new KeyNotFoundException($"the sample '{Text}' has no size for {key}");
    }

    /// <summary>The same but for one dimension that it has a size for.</summary>
    public DimSample With(string dimension, long size) =>
        new(string.Join(',', Sizes.Select(s => FormattableString.Invariant($"{s.Key}={(s.Key == dimension ? size : s.Value)}"))));

    public override string ToString() => Text;
}
