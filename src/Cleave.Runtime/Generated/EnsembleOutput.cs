using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>How an output of an ensemble is combined. Immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class EnsembleOutput
{
    /// <summary>Describes an output.</summary>
    /// <param name="value">What the ensemble gives.</param>
    /// <param name="rule">How it is combined.</param>
    /// <param name="places">Its place among the outputs of each member.</param>
    /// <param name="weights">The members' weights; null: all count the same.</param>
    public EnsembleOutput(Value value, CombinationRule rule, int[] places, double[]? weights = null)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(places);
        Value = value;
        Rule = rule;
        Places = places;
        Weights = weights ?? [];
    }

    internal Value Value { get; }

    internal CombinationRule Rule { get; }

    internal int[] Places { get; }

    /// <summary>Empty: all count the same.</summary>
    internal double[] Weights { get; }
}
