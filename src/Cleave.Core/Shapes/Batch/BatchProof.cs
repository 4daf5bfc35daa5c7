using System.Collections.Generic;

namespace Cleave.Core.Shapes.Batch;

/// <summary>Whether a model has a batch axis: a dimension of every input and output along which samples stay apart.</summary>
internal sealed class BatchProof
{
    /// <summary>The dimension's name; null where there is none.</summary>
    public string? Dimension { get; init; }

    /// <summary>Where there is none: why, in words. Text from the model is in it.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The axis of each input.</summary>
    public IReadOnlyDictionary<string, int> InputAxes { get; init; } = new Dictionary<string, int>();

    /// <summary>The axis of each output asked for.</summary>
    public IReadOnlyDictionary<string, int> OutputAxes { get; init; } = new Dictionary<string, int>();

    public bool Holds => Dimension != null;

    /// <summary>Whether it is the first axis everywhere: then a batch is divided without copying.</summary>
    public bool IsFirstEverywhere
    {
        get
        {
            bool isFirst = Holds;
            foreach (int axis in InputAxes.Values)
                isFirst &= axis == 0;
            foreach (int axis in OutputAxes.Values)
                isFirst &= axis == 0;
            return isFirst;
        }
    }
}
