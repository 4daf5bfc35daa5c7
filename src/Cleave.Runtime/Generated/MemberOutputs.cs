using System.ComponentModel;
using Cleave.Elements;
using Cleave.Ensembles.Combining;

namespace Cleave.Generated;

/// <summary>One output of all members of an ensemble, for a rule of the application. Used by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct MemberOutputs
{
    private readonly OutputSlot[] _slots;
    private readonly OutputSlot _result;

    internal MemberOutputs(OutputSlot[] slots, OutputSlot result)
    {
        _slots = slots;
        _result = result;
    }

    /// <summary>A member's output. <typeparamref name="T"/> is its element type.</summary>
    public OutputTensor<T> Tensor<T>(int member) => new((OutputSlot<T>)_slots[member], _slots[member].Owner?.Generation ?? 0);

    /// <summary>Takes over what the rule gave.</summary>
    public void Set<T>(OutputTensor<T> result) => ((CombinedOutput<T>)_result).Take(result);
}
