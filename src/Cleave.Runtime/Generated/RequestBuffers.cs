using System.ComponentModel;
using Cleave.Elements;

namespace Cleave.Generated;

/// <summary>The inputs and outputs of one request: of a model, or of an ensemble. Passed on by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RequestBuffers
{
    private protected RequestBuffers()
    {
    }

    /// <summary>The dimensions that they are for.</summary>
    internal abstract int[] Dims { get; }

    internal abstract InputSlot[] Inputs { get; }

    internal abstract OutputSlot[] Outputs { get; }

    /// <summary>How often they were given back.</summary>
    internal abstract int Generation { get; }

    /// <summary>Memory that they hold; does not change while nothing runs.</summary>
    internal abstract long ByteLength { get; }

    /// <summary>Gives them back to the pool, once for each time they were rented.</summary>
    internal abstract bool Release(int generation);

    /// <summary>Throws where the outputs of <paramref name="generation"/> may no longer, or not yet, be read.</summary>
    internal abstract void CheckReadable(int generation);

    /// <summary>Frees the tensors. The memory itself is the garbage collector's.</summary>
    internal abstract void Free();
}
