using System;
using System.Collections.Generic;

namespace Cleave.Generator.Model;

/// <summary>Dimensions of an ensemble's members that are one and the same: a union-find over (member, name), with the size or the name that a class has.</summary>
internal sealed class DimensionClasses
{
    private readonly Dictionary<(int Member, string Name), (int Member, string Name)> _parents;
    private readonly Dictionary<(int Member, string Name), int> _sizes;

    private readonly Func<(int Member, string Name), bool> _isNamed;

    /// <param name="isNamed">Whether its model gives a dimension the name, which else was made up.</param>
    public DimensionClasses(Func<(int Member, string Name), bool> isNamed)
    {
        _parents = [];
        _sizes = [];
        _isNamed = isNamed;
    }

    private DimensionClasses(DimensionClasses other)
    {
        _parents = new(other._parents);
        _sizes = new(other._sizes);
        _isNamed = other._isNamed;
    }

    /// <summary>A copy, to try something.</summary>
    public DimensionClasses Copy() => new(this);

    /// <summary>The size of a dimension, where it is known.</summary>
    public int? Size(int member, DimSpec dim) =>
        dim.Size ?? (dim.Symbol is { } name && _sizes.TryGetValue(Find((member, name)), out int size) ? size : null);

    /// <summary>The member and name that stand for a symbolic dimension: those that came first of those that have a name.</summary>
    public (int Member, string Name) Find((int Member, string Name) dimension)
    {
        while (_parents.TryGetValue(dimension, out (int Member, string Name) parent))
            dimension = parent;
        return dimension;
    }

    /// <summary>Notes that two dimensions are one; false where their sizes differ.</summary>
    public bool Unify(int member, DimSpec dim, int otherMember, DimSpec other)
    {
        int? size = Size(member, dim), otherSize = Size(otherMember, other);
        if (size is not null && otherSize is not null)
            return size == otherSize;
        if ((size ?? otherSize) is { } known)
        {
            DimSpec open = size is null ? dim : other;
            if (open.Symbol is { } name)
                _sizes[Find((size is null ? member : otherMember, name))] = known;
            return true;
        }
        if (dim.Symbol is not { } one || other.Symbol is not { } two)
            return true;
        (int Member, string Name) first = Find((member, one)), second = Find((otherMember, two));
        if (first == second)
            return true;
        // The one that came first stands for both; one without a name could not say that dimensions are one.
        bool named = _isNamed(first), otherNamed = _isNamed(second);
        if (named == otherNamed ? second.Member < first.Member : otherNamed)
            (first, second) = (second, first);
        _parents[second] = first;
        return true;
    }
}
