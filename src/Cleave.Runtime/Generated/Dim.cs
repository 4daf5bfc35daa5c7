using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>One dimension of a model's input or output: a number, a name, or unknown. Made by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct Dim
{
    private readonly long _sizePlusOne;

    private Dim(long sizePlusOne, string? name)
    {
        _sizePlusOne = sizePlusOne;
        Name = name;
    }

    /// <summary>A dimension of which the model says nothing; outputs only.</summary>
    public static Dim Unknown => default;

    internal string? Name { get; }

    internal bool IsFixed => _sizePlusOne > 0;

    internal long Size => _sizePlusOne - 1;

    /// <summary>A fixed dimension.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is negative.</exception>
    public static implicit operator Dim(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return new Dim(checked(size + 1), null);
    }

    /// <summary>A dimension that has a name and is given at each call.</summary>
    public static implicit operator Dim(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new Dim(0, name);
    }

    /// <summary>The number, the name, or <c>?</c>.</summary>
    public override string ToString() =>
        IsFixed ? Size.ToString(System.Globalization.CultureInfo.InvariantCulture) : Name ?? "?";
}
