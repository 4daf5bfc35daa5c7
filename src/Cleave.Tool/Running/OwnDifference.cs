using System.Collections.Generic;

namespace Cleave.Tool.Running;

/// <summary>How far the whole model is from itself, with all optimisations and with none.</summary>
/// <param name="Difference">Of the settled elements.</param>
/// <param name="Unsettled">Places of elements that are finite in one of the two only, or of which neither is and they differ: what is right cannot be said.</param>
internal sealed record OwnDifference(OutputDifference Difference, IReadOnlySet<int> Unsettled)
{
    /// <param name="plain">With no optimisations; null where it is missing.</param>
    /// <param name="optimised">With all.</param>
    public static OwnDifference Between(TensorCopy? plain, TensorCopy optimised)
    {
        HashSet<int> unsettled = [];
        if (plain is null)
            return new OwnDifference(OutputDifference.Missing, unsettled);
        if (OutputDifference.Numbers(plain) is { } one && OutputDifference.Numbers(optimised) is { } other && one.Length == other.Length)
        {
            for (int i = 0; i < one.Length; i++)
            {
                if (!one[i].Equals(other[i]) && !(double.IsFinite(one[i]) && double.IsFinite(other[i])))
                    unsettled.Add(i);
            }
        }
        return new OwnDifference(OutputDifference.Between(plain, optimised, except: unsettled), unsettled);
    }
}
